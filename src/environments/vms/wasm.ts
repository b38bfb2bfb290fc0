import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { WasmProfile } from '../../contracts/profiles.ts'
import type { Driver } from '../driver.ts'
import { helperHost } from '../helper-host.ts'
import { type HostOptions, openHost } from '../host-process.ts'

const HOST_ENTRY = fileURLToPath(new URL(`../inside/wasm/host${extname(import.meta.url)}`, import.meta.url))
/** It moves bytes and starts threads; the garbage of both is small. */
const FLAGS = ['--max-semi-space-size=4']

/** Hosts that run wasm for several holders at once: `inside/wasm/host.ts`. */
export function wasmDriver(options: HostOptions = {}): Driver<WasmProfile> {
  return {
    environment: 'wasm',
    open: ({ nodePath }, seat) =>
      openHost(
        {
          ...helperHost(HOST_ENTRY, FLAGS),
          command: nodePath,
          boot: { kind: 'boot-wasm', address: seat.address },
          about: 'The host for wasm',
          hint: `Try \`${nodePath} --version\`.`,
        },
        seat,
        options,
      ),
  }
}
