import { connectEngine } from './engine.ts'
import { OWNER } from './marks.ts'
import { removeLabelled } from './removal.ts'

// Of an engine of workflows that has died: <address of the container engine> <owner>
const [address = '', owner = ''] = process.argv.slice(2)
const host = /^\w+:\/\//.test(address) ? address : `unix://${address}`
const docker = await connectEngine({ host, env: process.env })
// What was being made when it died comes into being a moment later.
for (let looked = 0; looked < 3; looked++) {
  await removeLabelled(docker, `${OWNER}=${owner}`)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
}
await removeLabelled(docker, `${OWNER}=${owner}`)
