import { connectEngine } from './engine.ts'
import { OWNER } from './marks.ts'
import { removeLabelled } from './removal.ts'

// Of an engine of workflows that has died: <address of the container engine> <owner>
const [address = '', owner = ''] = process.argv.slice(2)
const host = /^\w+:\/\//.test(address) ? address : `unix://${address}`
const docker = await connectEngine({ host, env: process.env })
// What was being made when it died comes into being a moment later, and what fails once may not fail again.
for (let looked = 1; ; looked++) {
  const isDone = await removeLabelled(docker, `${OWNER}=${owner}`).then(
    () => true,
    () => false,
  )
  if (looked >= 4 && (isDone || looked === 20)) break
  await new Promise((resolve) => setTimeout(resolve, 1_000))
}
