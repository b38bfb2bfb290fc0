import { begin, openSite } from './contract-house.ts'
import { openForContract } from './local-house.ts'

// An engine that runs one command, says its end and has nothing else to do: <id of the execution> <line for sh>
const [id = '', line = ''] = process.argv.slice(2)
const { executor } = await openForContract()
const site = await openSite(await executor.open({ id, workflow: 'strays' }), {})
const { ran } = await begin(site, {}, line)
console.log(JSON.stringify((await ran()).end))
