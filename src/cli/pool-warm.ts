import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'
import { daemonAddress } from '../pool/daemon/address.ts'
import { connectDaemon } from '../pool/daemon/client.ts'
import { lastUsed, type RememberedProfile } from '../pool/daemon/last-used.ts'
import { definedOnly } from '../system/settings.ts'
import { type Command, type Given, refusePositionals, wholeNumber } from './command.ts'

export const poolWarm: Command = {
  options: { count: { type: 'string' }, root: { type: 'string' } },
  help: [
    '--count <n>    hosts per project, 1 by default',
    '--root <path>  only this project',
    '',
    'Starts the daemon if none runs. Hosts get the environment of this shell.',
  ],
  async run(given) {
    refusePositionals(given)
    const hosts = wholeNumber(given.values.count, { name: '--count', min: 1, max: 64, otherwise: 1 })
    const chosen = chooseProfiles(given)
    const client = await connectDaemon({ label: 'everwarm pool warm', env: given.env })
    for (const { fixedEnvNames, ...profile } of chosen) {
      const { ready } = await client.warm({ ...profile, env: definedOnly(given.env) }, hosts)
      given.print(`${ready} ready for ${profile.root}`)
      const missing = fixedEnvNames.filter((name) => given.env[name] === undefined)
      if (missing.length > 0)
        given.print(`  its last run had also set ${missing.join(', ')}: without them its next run opens a host of its own`)
    }
    await client.close()
  },
}

/** @throws EverwarmError BAD_INPUT */
function chooseProfiles({ env, values }: Given): RememberedProfile[] {
  const root = typeof values.root === 'string' ? resolve(values.root) : undefined
  const known = lastUsed(daemonAddress(env).home).filter((profile) => existsSync(profile.root))
  const chosen = known.filter((profile) => root === undefined || profile.root === root)
  if (chosen.length > 0) return chosen
  throw new EverwarmError('BAD_INPUT', {
    message: root ? `No test run of ${root} is remembered.` : 'No test run is remembered, so there is nothing to warm.',
    hint: 'Run its tests once with everwarm; the last three projects are remembered.',
  })
}
