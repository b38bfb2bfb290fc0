import { compiledClient } from '../pool/daemon/compiled-client.ts'
import { say } from '../system/log.ts'
import { type Command, refusePositionals } from './command.ts'

export const client: Command = {
  options: {},
  help: [
    'Prints the path of a small program that does what "everwarm run" does, without the start of Node.',
    'It is compiled once, by cc; without a compiler it is a script.',
    '',
    'CARGO_TARGET_WASM32_WASIP1_RUNNER="$(npx everwarm client) run" cargo test --target wasm32-wasip1',
  ],
  async run(given) {
    refusePositionals(given)
    const { path, fault } = await compiledClient(given.env)
    if (fault) say(`a script instead of the small program, which is slower. ${fault}`)
    given.print(path)
  },
}
