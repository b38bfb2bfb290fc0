import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isClientOffered } from '../pool/daemon/compiled-client.ts'
import { type Env, readSettings } from '../system/settings.ts'
import { spawnProcess } from '../system/spawn.ts'

const CLI = fileURLToPath(new URL('./main.js', import.meta.url))

/** Has the small client compiled for the next time, once for each build; nobody waits for it, and nothing is said. */
export function compileBehind(env: Env): void {
  // Sources are run by tests only.
  if (extname(import.meta.url) !== '.js' || readSettings(env).isOn === false || isClientOffered(env)) return
  try {
    const child = spawnProcess(process.execPath, [CLI, 'client'], { detached: true, stdio: 'ignore' })
    child.on('error', () => {})
    child.unref()
  } catch {
    // It is a wish.
  }
}
