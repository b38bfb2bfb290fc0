// Waits for a lease with nothing else to do, gives it back, and says nothing of leaving.
import { connectDaemon } from '../../../src/pool/daemon/client.ts'

const { request } = JSON.parse(process.argv[2]!)
const client = await connectDaemon({ label: 'leave' })
client.unref()
const lease = await client.acquire(request)
await client.release(lease.leaseId, { outcome: 'clean' })
console.log(JSON.stringify({ served: lease.served }))
