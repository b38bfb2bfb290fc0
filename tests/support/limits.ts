import type { Limits } from '../../src/pool/limits.ts'

/** Limits of a small pool, with what a host is expected to occupy. */
export function limitsOf(about: {
  hosts: number
  hostBytes: number
  browsers: number
  browserBytes: number
  maxBytes: number
}): Limits {
  return {
    families: {
      node: { most: about.hosts, bytes: about.hostBytes },
      runtime: { most: about.hosts, bytes: about.hostBytes },
      browser: { most: about.browsers, bytes: about.browserBytes },
      resident: { most: 1, bytes: about.hostBytes },
    },
    maxBytes: about.maxBytes,
  }
}
