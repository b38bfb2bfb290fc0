// Takes a lease, lets its host do what `order` says, and holds on until it is killed.
import { talkTo } from '../harness.ts'
import { connectDaemon } from '../../../src/pool/daemon/client.ts'

const { request, orders = [] } = JSON.parse(process.argv[2]!)
const say = (fact: object) => console.log(JSON.stringify(fact))
const client = await connectDaemon({ label: 'hold' })
say({ daemonPid: client.welcome.pid })
if (request) {
  const lease = await client.acquire(request)
  const host = await talkTo(lease)
  for (const order of orders) say({ [order]: await host.ask(order) })
  say({ lease })
}
setInterval(() => {}, 1_000)
