import type { Hono } from 'hono'
import { EverwarmError } from '../../contracts/errors.ts'

export const INSTALL = 'npm install --save-dev pg-boss@12.30.0 @electric-sql/pglite hono @hono/node-server'

/** Hono, whose types need what Node hands over with a request. @throws EverwarmError PACKAGE_MISSING */
export async function loadHono<Env extends object>(): Promise<Hono<Env>> {
  const { Hono } = await load('hono', () => import('hono'))
  return new Hono<Env>()
}

/** @throws EverwarmError PACKAGE_MISSING */
export const loadNodeServer = () => load('@hono/node-server', () => import('@hono/node-server'))

async function load<Module>(name: string, importIt: () => Promise<Module>): Promise<Module> {
  try {
    return await importIt()
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new EverwarmError('PACKAGE_MISSING', {
      message: `The coordinator needs ${name}, which is not installed.`,
      hint: `Run \`${INSTALL}\`.`,
      cause,
    })
  }
}
