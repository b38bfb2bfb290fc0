import type { Readable } from 'node:stream'
export async function openDownload(_url: string, _o: object): Promise<Readable> { throw new Error('no') }
