import { EverwarmError, errorFromData } from '../contracts/errors.ts'
import { type DriverName, DRIVER_NAMES } from '../pool/browsers/profile.ts'
import { connectDaemon } from '../pool/daemon/client.ts'
import { leaseReached } from '../pool/lease-reached.ts'
import { namesHint } from '../system/known-names.ts'
import { say } from '../system/log.ts'
import { badInput, type Command, type Given, refusePositionals, wholeNumber } from './command.ts'
import { browserRows } from './lease-browsers.ts'
import type { LeaseRow } from './lease-row.ts'
import { RUNTIME_LEASES } from './lease-runtimes.ts'
import { WASM_LEASE } from './lease-wasm.ts'
import { runCommand } from './run-command.ts'
import { table } from './table.ts'

/** All that can be leased, by name: one line for each kind. */
function leaseRows(driver?: DriverName): Record<string, LeaseRow> {
  return { ...RUNTIME_LEASES, wasm: WASM_LEASE, ...browserRows(driver) }
}

export const lease: Command = {
  options: { driver: { type: 'string' }, wait: { type: 'string' }, list: { type: 'boolean' } },
  help: [
    'everwarm lease <name> [--driver <driver>] -- <command> <arguments…>',
    '',
    '--driver <driver>  cdp, playwright, webdriver or bidi; the first that the browser has by default',
    '--wait <seconds>   how long to stand in line, 60 by default',
    '--list             what can be leased here, and what is missing',
    '',
    'The command finds addresses in its environment: EVERWARM_CDP_URL, EVERWARM_CDP_PAGE_URL, EVERWARM_PLAYWRIGHT_URL,',
    'EVERWARM_WEBDRIVER_URL, EVERWARM_SESSION_ID, EVERWARM_BIDI_URL, and EVERWARM_BROWSER, EVERWARM_LEASE_ID;',
    'of a runtime: EVERWARM_ADDRESS, EVERWARM_TOKEN, EVERWARM_RUNTIME. With --driver only what has it can be leased.',
    'Its exit code is passed on; the lease ends with it.',
  ],
  async run(given) {
    if (given.values.list) return printList(given)
    return leaseFor(given)
  },
}

async function leaseFor({ values, positionals, env }: Given): Promise<number> {
  const [name, ...command] = positionals
  const seconds = wholeNumber(values.wait, { name: '--wait', min: 0, max: 3_600, otherwise: 60 })
  const rows = leaseRows(driverNamed(values.driver))
  if (name === undefined) throw badInput('What is to be leased is missing.', 'everwarm lease --list')
  const row = Object.hasOwn(rows, name.toLowerCase()) ? rows[name.toLowerCase()] : undefined
  if (!row)
    throw new EverwarmError('BAD_INPUT', {
      message: `There is nothing named "${name}" to lease.`,
      hint: namesHint(name, Object.keys(rows)),
    })
  if (values.driver !== undefined && !Object.hasOwn(browserRows(), name.toLowerCase()))
    throw badInput(`"${name}" has no drivers: only browsers have.`, 'everwarm lease --list')
  if (command.length === 0) throw badInput('The command that gets the lease is missing.', `everwarm lease ${name} -- <command>`)
  const profile = await row.profile(env, process.cwd())
  const client = await connectDaemon({ label: `everwarm lease ${name} -- ${command.join(' ')}`, env })
  try {
    const request = { profile, waitMs: seconds * 1_000 }
    const { lease, there: variables } = await leaseReached(client, request, row.variables)
    client.on('hostExited', () => say(`what was leased as ${name} has ended; the command goes on without it`))
    return await runCommand(command, { ...env, EVERWARM_LEASE_ID: lease.leaseId, ...variables })
  } finally {
    await client.close()
    // Whatever a row has opened holds the process, and the lease ends with it.
    setImmediate(() => process.exit())
  }
}

/** @throws EverwarmError BAD_INPUT */
function driverNamed(given: unknown): DriverName | undefined {
  if (given === undefined) return undefined
  const found = DRIVER_NAMES.find((name) => name === given)
  if (found) return found
  throw new EverwarmError('BAD_INPUT', {
    message: `There is no driver "${String(given)}".`,
    hint: namesHint(String(given), DRIVER_NAMES),
  })
}

async function printList(given: Given): Promise<void> {
  refusePositionals(given)
  const rows = new Map<LeaseRow, string>()
  for (const [name, row] of Object.entries(leaseRows(driverNamed(given.values.driver)))) if (!rows.has(row)) rows.set(row, name)
  const cells = [...rows].map(async ([row, name]) => [name, row.summary, await stateOf(row, given)])
  given.print(table(['name', 'what', 'here'], await Promise.all(cells)))
}

async function stateOf(row: LeaseRow, { env }: Given): Promise<string> {
  try {
    await row.profile(env, process.cwd())
    return 'yes'
  } catch (error) {
    const { message, hint } = errorFromData(error)
    return `no: ${message} ${hint ?? ''}`.trim()
  }
}
