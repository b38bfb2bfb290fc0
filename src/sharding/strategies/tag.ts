import type { Strategy } from '../strategy.ts'
import type { TestFile } from '../test-file.ts'
import { balanceFiles, balanceGroups, grouped, loadOf, longestFirst } from './order.ts'

/** group: files of a tag on one shard, for what they share. spread: a tag over all shards, for what they would fight over. */
export const tag: Strategy = {
  name: 'tag',
  summary: 'a tag stays together, or is spread evenly',
  distribute(files, shardCount, { tagMode }) {
    return tagMode === 'group' ? group(files, shardCount) : spread(files, shardCount)
  },
  affinity: (file, { tagMode }) => (tagMode === 'group' ? (mainTag(file) ?? '') : ''),
}

const mainTag = ({ tags }: TestFile) => tags[0]?.replace(/^@/, '')

function group(files: readonly TestFile[], shardCount: number): TestFile[][] {
  // A file without a tag belongs to nobody and fills the gaps.
  const groups = grouped(files, (file) => mainTag(file) ?? file)
  return balanceGroups([...groups.values()], shardCount, longestFirst)
}

/** Tag by tag, the largest first: each evenly by its own load, and heavier parts of it onto lighter shards. */
function spread(files: readonly TestFile[], shardCount: number): TestFile[][] {
  const shards: TestFile[][] = Array.from({ length: shardCount }, () => [])
  const tagged = [...grouped(files, mainTag)].filter(([name]) => name !== undefined).map(([, own]) => own)
  for (const own of tagged.sort((a, b) => loadOf(b) - loadOf(a))) {
    const parts = balanceFiles(own, shardCount).sort((a, b) => loadOf(b) - loadOf(a))
    const lightest = shards.toSorted((a, b) => loadOf(a) - loadOf(b) || a.length - b.length)
    parts.forEach((part, i) => lightest[i]!.push(...part))
  }
  const rest = files.filter((file) => mainTag(file) === undefined)
  const fill = balanceFiles(rest, shardCount, shards.map(loadOf))
  return shards.map((shard, i) => [...shard, ...fill[i]!].sort(longestFirst))
}
