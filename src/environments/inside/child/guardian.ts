// A thread beside the tests of a child without a daemon: an endless loop there cannot hear that its parent is gone.
import { workerData } from 'node:worker_threads'

const { parentPid } = workerData as { parentPid: number }
const LOOK_MS = 500

setInterval(() => {
  if (process.ppid === parentPid) return
  try {
    // The child leads its group: what its tests have started ends with it.
    process.kill(-process.pid, 'SIGKILL')
  } catch {
    process.kill(process.pid, 'SIGKILL')
  }
}, LOOK_MS)
