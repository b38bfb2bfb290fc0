export async function cloneRepository(_git: object, _o: object): Promise<void> { throw new Error('no') }
