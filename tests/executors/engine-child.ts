import type { ContractHouse } from './contract-house.ts'
import { beats, begin, eventually, openSite, sizeOf, startService } from './contract-house.ts'

// An engine in the middle of its work, to be killed: <module with openForContract> <id of the execution>
const [module = '', id = ''] = process.argv.slice(2)
const { openForContract } = (await import(module)) as { openForContract: () => Promise<ContractHouse> }
const { executor, container } = await openForContract()
const room = await executor.open({ id, workflow: 'killed' })
const site = await openSite(room, container)
const tree = `trap '' TERM HUP INT
(${beats('child')}) &
( (${beats('orphan')}) & )
if command -v setsid > /dev/null; then setsid sh -c '${beats('session')}' & fi
${beats('main')}`
await begin(site, container, tree)
await begin(site, container, ['sh', '-c', beats('own')], { ref: 'own', isShared: false })
await startService(site, container, {
  argv: ['sh', '-c', `trap '' TERM; (${beats('served')}) & ${beats('serves')}`],
  ports: [8080],
})
for (const file of ['main', 'child', 'orphan', 'own']) await eventually(`${file} beats`, () => sizeOf(site, file))
console.log('begun')
// Until it is killed.
setInterval(() => {}, 60_000)
