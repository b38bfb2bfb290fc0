import type { Strategy, StrategySettings } from '../strategy.ts'
import type { TestFile } from '../test-file.ts'
import { byText } from '../timing.ts'
import { balanceGroups, grouped } from './order.ts'

/** A folder stays together, for fixtures and servers that its tests share; the folders are balanced by duration. */
export const file: Strategy = {
  name: 'file',
  summary: 'a folder stays together',
  distribute(files, shardCount, settings) {
    const folders = grouped(files, (each) => folderOf(each, settings))
    return balanceGroups([...folders.values()], shardCount, (a, b) => byText(a.id, b.id))
  },
  affinity: folderOf,
}

/** `tests/auth/login.test.ts`: level 1 is `tests/auth`, level 2 `tests`, and `tests` remains for all higher ones. */
function folderOf({ path }: TestFile, { level }: Pick<StrategySettings, 'level'>): string {
  const folders = path.split('/').slice(0, -1)
  return folders.slice(0, Math.max(Math.min(1, folders.length), folders.length - (level - 1))).join('/')
}
