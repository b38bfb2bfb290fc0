import { mkdtempSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GroupReaper, startGroupReaper } from '../../system/group-reaper.ts'

/** A folder of this machine for what is on its way from one site to another. It goes with the execution, also when that is killed. */
export class Scratch {
  #made: { folder: string; reaper: GroupReaper } | undefined

  /** Made when somebody first wants it: most workflows never do. */
  get folder(): string {
    return (this.#made ??= make()).folder
  }

  /** What begins programs of its own here says so: they go with it, too. */
  get groups(): Pick<GroupReaper, 'add' | 'remove'> {
    return (this.#made ??= make()).reaper
  }

  /** A new folder in it. */
  newFolder(kind: string): Promise<string> {
    return mkdtemp(join(this.folder, `${kind}-`))
  }

  async close(): Promise<void> {
    if (!this.#made) return
    await rm(this.#made.folder, { recursive: true, force: true })
    this.#made.reaper.close()
  }
}

function make() {
  const folder = mkdtempSync(join(tmpdir(), 'everwarm-workflow-'))
  return { folder, reaper: startGroupReaper({ name: 'everwarm-workflow-reaper', lastWords: 'rm -rf "$1"', args: [folder] }) }
}
