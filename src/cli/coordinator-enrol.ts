import { coordinatorClient } from '../coordinator/http/client.ts'
import { coordinatorAddress } from './coordinator-address.ts'
import { type Command, refusePositionals, wholeNumber } from './command.ts'

export const coordinatorEnrol: Command = {
  options: {
    coordinator: { type: 'string' },
    token: { type: 'string' },
    name: { type: 'string' },
    'valid-minutes': { type: 'string' },
  },
  help: [
    '--coordinator <url>    http://127.0.0.1:8632 by default; or EVERWARM_COORDINATOR',
    '--token <token>        the coordinator’s; or EVERWARM_TOKEN; default: that of the coordinator of this user on this machine',
    '--name <name>          for whom it is meant, for people',
    '--valid-minutes <n>    60 by default',
    '',
    'Prints the token and nothing else: TOKEN=$(everwarm coordinator enrol)',
  ],
  async run(given) {
    refusePositionals(given)
    const { values, env, print } = given
    const minutes = wholeNumber(values['valid-minutes'], { name: '--valid-minutes', min: 1, max: 43_200, otherwise: 60 })
    const client = coordinatorClient(coordinatorAddress(values, env))
    const { token } = await client.createEnrolment({
      ttlMs: minutes * 60_000,
      ...(typeof values['name'] === 'string' ? { name: values['name'] } : {}),
    })
    print(token)
  },
}
