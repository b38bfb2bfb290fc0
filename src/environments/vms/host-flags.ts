/**
 * Flags of Node that every host gets. A host runs one test file at a time and there are as many hosts as workers:
 * collecting garbage on helper threads only takes the other hosts' cores. The young generation holds more than the files
 * between two collections of the host's own (`HostState.keepSmall`): no file's modules are ever copied. Measured in
 * docs/benchmarks.md.
 */
export const HOST_FLAGS: readonly string[] = [
  '--single-threaded-gc',
  '--min-semi-space-size=256',
  '--max-semi-space-size=256',
  // real namespace objects for modules that are functions; hidden from test code
  '--experimental-vm-modules',
]

/** The flags a process was started with, without those that only hosts get: these came last. */
export function withoutHostFlags(execArgv: readonly string[]): string[] {
  const own = [...execArgv]
  for (const flag of HOST_FLAGS) {
    const at = own.lastIndexOf(flag)
    if (at !== -1) own.splice(at, 1)
  }
  return own
}
