#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { EverwarmError, errorFromData } from '../contracts/errors.ts'
import { say } from '../system/log.ts'
import { nearestName } from '../system/known-names.ts'
import { ownVersion } from '../system/own-version.ts'
import { visibleText } from '../system/visible-text.ts'
import { badInput, type Command, withPage } from './command.ts'

/** A new command: one line here, and its file. */
const COMMANDS: Record<string, { summary: string; load(): Promise<Command> }> = {
  'coordinator enrol': {
    summary: 'a token that lets one worker in',
    load: async () => (await import('./coordinator-enrol.ts')).coordinatorEnrol,
  },
  coordinator: {
    summary: 'one plan for many machines: sessions, workers, REST',
    load: async () => (await import('./coordinator.ts')).coordinator,
  },
  doctor: {
    summary: 'measure this project: what would gain, what not, and why',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  explain: { summary: 'where a test file ran last, and why', load: async () => (await import('./explain.ts')).explain },
  'pool status': {
    summary: 'what is warm, who uses it, and what it costs',
    load: async () => (await import('./pool-status.ts')).poolStatus,
  },
  'pool warm': {
    summary: 'open hosts for the projects tested last',
    load: async () => (await import('./pool-warm.ts')).poolWarm,
  },
  'pool drain': {
    summary: 'end idle hosts now and leased ones when they come back',
    load: async () => (await import('./pool-drain.ts')).poolDrain,
  },
  'pool stop': { summary: 'end the daemon and all its hosts', load: async () => (await import('./pool-stop.ts')).poolStop },
  client: {
    summary: 'the path of a client that costs 1 ms: for cargo, see docs/cargo.md',
    load: async () => (await import('./client.ts')).client,
  },
  lease: {
    summary: 'run a command with a warm browser or runtime: its address is in the command’s environment',
    load: async () => (await import('./lease.ts')).lease,
  },
  plan: { summary: 'how a run would be split into shards', load: async () => (await import('./plan.ts')).plan },
  'timings show': {
    summary: 'what is known of how long files take',
    load: async () => (await import('./timings-show.ts')).timingsShow,
  },
  'timings import': {
    summary: 'take over durations from reports of other tools',
    load: async () => (await import('./timings-import.ts')).timingsImport,
  },
  'runner run': {
    summary: 'run a runner here, once, in a warm browser',
    load: async () => (await import('./runner-run.ts')).runnerRun,
  },
  'runner serve': {
    summary: 'serve runners to an orchestrator: see docs/regions.md',
    load: async () => (await import('./runner-serve.ts')).runnerServe,
  },
  'orchestrator serve': {
    summary: 'runs over several regions, by HTTP',
    load: async () => (await import('./orchestrator-serve.ts')).orchestratorServe,
  },
  'timings export': {
    summary: 'hand durations to other tools, or to all shards of a run',
    load: async () => (await import('./timings-export.ts')).timingsExport,
  },
  worker: {
    summary: 'run shards here for a coordinator elsewhere',
    load: async () => (await import('./worker.ts')).worker,
  },
  'workflow run': {
    summary: 'run a workflow here, in containers or on Kubernetes',
    load: async () => (await import('./workflow-run.ts')).workflowRun,
  },
  'workflow list': {
    summary: 'executions of workflows: what runs, and what has run',
    load: async () => (await import('./workflow-list.ts')).workflowList,
  },
  'workflow status': {
    summary: 'how far an execution is',
    load: async () => (await import('./workflow-status.ts')).workflowStatus,
  },
  'workflow pause': {
    summary: 'stop the processes of an execution, or of one of its workers',
    load: async () => (await import('./workflow-control.ts')).workflowPause,
  },
  'workflow resume': {
    summary: 'let them go on',
    load: async () => (await import('./workflow-control.ts')).workflowResume,
  },
  'workflow cancel': {
    summary: 'end an execution; its clean-up still runs',
    load: async () => (await import('./workflow-control.ts')).workflowCancel,
  },
  'workflow lint': {
    summary: 'all that is wrong in workflows, with line and column',
    load: async () => (await import('./workflow-lint.ts')).workflowLint,
  },
  'workflow render': {
    summary: 'what a workflow would run',
    load: async () => (await import('./workflow-render.ts')).workflowRender,
  },
  'workflow schema': {
    summary: 'the shape of workflows, for editors',
    load: async () => (await import('./workflow-schema.ts')).workflowSchema,
  },
  'workflow import': {
    summary: 'workflows of Testkube as ours',
    load: async () => (await import('./workflow-import.ts')).workflowImport,
  },
}

/** What follows the word belongs to another program's command line, and is not read here. */
const RAW: Record<string, { summary: string; load(): Promise<(args: string[], env: NodeJS.ProcessEnv) => Promise<number>> }> = {
  run: { summary: 'run a test binary: cargo’s runner for wasm', load: async () => (await import('./run.ts')).run },
  test: {
    summary: 'a Vitest or Playwright project on the workers of a coordinator',
    load: async () => (await import('./test.ts')).test,
  },
  toolkit: {
    summary: 'operations of workflows as commands of their own: parallel, services, clone, …',
    load: async () => (await import('./toolkit.ts')).toolkit,
  },
  vitest: {
    summary: 'Vitest, already loaded: its own options, its own output',
    load: async () => (await import('./vitest.ts')).vitest,
  },
}

/** Exit codes: 0 done, 1 failed, 2 asked wrongly; or that of a command which was run for somebody. */
async function main(args: string[]): Promise<number> {
  let name = ''
  try {
    if (args.length === 1 && (args[0] === '--version' || args[0] === '-v')) return print(`everwarm ${ownVersion()}`)
    const [word = '', ...rest] = args[0] === 'help' && args.length === 2 ? [args[1]!, '--help'] : args
    if (Object.hasOwn(RAW, word)) return await (await RAW[(name = word)]!.load())(rest, process.env)
    const asked = readQuestion(args)
    if (asked.isHelp) return print(await help(asked.words))
    name = asked.words.join(' ')
    const command = await COMMANDS[name]!.load()
    const code = await command.run({ ...parse(name, command, args.slice(asked.words.length)), env: process.env, print })
    return code ?? 0
  } catch (error) {
    return complain(errorFromData(name === '' ? error : withPage(error, name)))
  }
}

/**
 * `words` are those of a command, or of a group of commands (none: of all) where help is asked for.
 * @throws EverwarmError BAD_INPUT
 */
function readQuestion(given: string[]): { words: string[]; isHelp: boolean } {
  // What follows is another program's.
  const args = given.includes('--') ? given.slice(0, given.indexOf('--')) : given
  const isHelp = args.length === 0 || args[0] === 'help' || args.some((arg) => arg === '--help' || arg === '-h')
  const said = (args[0] === 'help' ? args.slice(1) : args).filter((arg) => arg !== '--help' && arg !== '-h')
  const words = commandWords(said)
  if (words) return { words, isHelp }
  const group = said.filter((arg) => !arg.startsWith('-'))
  if (isHelp && group.length === said.length && commandsIn(group).length > 0) return { words: group, isHelp }
  if (group.length === said.length && group.length > 0 && commandsIn(group).length > 0)
    throw badInput(
      `"everwarm ${group.join(' ')}" is not complete: ${list(commandsIn(group))}.`,
      `everwarm ${group.join(' ')} --help`,
    )
  throw unknownCommand(said)
}

function commandWords(args: string[]): string[] | undefined {
  return Object.keys(COMMANDS)
    .map((name) => name.split(' '))
    .find((words) => words.every((word, i) => args[i] === word))
}

/** The commands that begin with these words; all of them for none. */
function commandsIn(group: string[]): string[] {
  const prefix = group.map((word) => `${word} `).join('')
  return Object.keys(COMMANDS).filter((name) => name.startsWith(prefix))
}

function unknownCommand(said: string[]): EverwarmError {
  const [first = '', second = ''] = said
  if (first.startsWith('-')) return badInput(`There is no option "${first}" without a command.`)
  const inGroup = commandsIn([first])
  if (inGroup.length > 0 && second.startsWith('-')) return badInput(`There is no option "${second}" of "everwarm ${first}".`)
  if (inGroup.length > 0)
    return badInput(`There is no command "${first} ${second}"; there are ${list(inGroup)}.`, `everwarm ${first} --help`)
  return badInput(`There is no command "${first}"; there are ${list([...Object.keys(COMMANDS), ...Object.keys(RAW)])}.`)
}

const list = (names: string[]) => names.map((name) => `"${name}"`).join(', ')

function parse(name: string, command: Command, args: string[]) {
  try {
    return parseArgs({ args, options: command.options, allowPositionals: true, strict: true })
  } catch (cause) {
    // Node's first sentence names the option; the rest is advice for values that begin with a dash.
    const [message] = (cause as Error).message.split('. ')
    const unknown = /^Unknown option '--([^']*)'/.exec(message!)?.[1]
    const nearest = unknown === undefined ? undefined : nearestName(unknown, Object.keys(command.options))
    const guess = nearest === undefined ? '' : ` Did you mean --${nearest}?`
    throw badInput(`${message!.replace(/\.$/, '')}.${guess}`, `everwarm ${name} --help`, cause)
  }
}

async function help(words: string[]): Promise<string> {
  const name = words.join(' ')
  const command = COMMANDS[name]
  if (command) {
    const { help: lines } = await command.load()
    return [`everwarm ${name}: ${command.summary}`, ...lines.map((line) => (line === '' ? '' : `  ${line}`))].join('\n')
  }
  const names = commandsIn(words)
  const raw = words.length === 0 ? Object.keys(RAW) : []
  const width = Math.max(...[...names, ...raw].map((each) => each.length))
  return [
    'everwarm keeps the processes that run your tests warm.',
    '',
    ...[...names, ...raw].map((each) => `  everwarm ${each.padEnd(width)}  ${(COMMANDS[each] ?? RAW[each])!.summary}`),
    '',
    '  everwarm <command> --help',
    '  everwarm --version',
    '',
    'Exit codes: 0 done, 1 failed, 2 asked wrongly.',
  ].join('\n')
}

function print(text: string): number {
  process.stdout.write(`${text}\n`)
  return 0
}

const ASKED_WRONGLY: ReadonlySet<string> = new Set([
  'BAD_INPUT',
  'CONFIG_INVALID',
  'TOKEN_MISSING',
  'TOKEN_REFUSED',
  'TOKEN_USED',
  'TOKEN_EXPIRED',
  'WORKFLOW_INVALID',
  'EXECUTION_UNKNOWN',
])

function complain(error: EverwarmError): number {
  say(`${error.code}: ${visibleText(error.message)}`)
  if (error.hint) say(visibleText(error.hint))
  return ASKED_WRONGLY.has(error.code) ? 2 : 1
}

// `everwarm pool status | head -1`: who does not read on has got what was wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
process.exitCode = await main(process.argv.slice(2))
