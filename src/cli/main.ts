#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { EverwarmError, errorFromData } from '../contracts/errors.ts'
import { say } from '../system/log.ts'
import { badInput, type Command } from './command.ts'

/** A new command: one line here, and its file. */
const COMMANDS: Record<string, { summary: string; load(): Promise<Command> }> = {
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
}

/** Exit codes: 0 done, 1 failed, 2 asked wrongly. */
async function main(args: string[]): Promise<number> {
  try {
    if (args[0] === '--version' || args[0] === '-v') return print(`everwarm ${version()}`)
    const isHelp = args.length === 0 || args.includes('--help') || args.includes('-h')
    const name = commandName(args)
    if (!name && isHelp) return print(await help())
    if (!name) throw badInput(`There is no command "${args.filter((arg) => !arg.startsWith('-')).join(' ') || args.join(' ')}".`)
    const command = await COMMANDS[name]!.load()
    if (isHelp)
      return print([`everwarm ${name}: ${COMMANDS[name]!.summary}`, ...command.help.map((line) => `  ${line}`)].join('\n'))
    await command.run({ ...parse(command, args.slice(name.split(' ').length)), env: process.env, print })
    return 0
  } catch (error) {
    return complain(errorFromData(error))
  }
}

function commandName(args: string[]): string | undefined {
  return Object.keys(COMMANDS).find((name) => name.split(' ').every((word, i) => args[i] === word))
}

function parse(command: Command, args: string[]) {
  try {
    return parseArgs({ args, options: command.options, allowPositionals: true, strict: true })
  } catch (cause) {
    // Node's text names the option and needs no more than a code.
    throw new EverwarmError('BAD_INPUT', { message: (cause as Error).message, hint: 'See `everwarm --help`.', cause })
  }
}

async function help(): Promise<string> {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length))
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => `  everwarm ${name.padEnd(width)}  ${summary}`)
  return [
    'everwarm keeps the processes that run your tests warm.',
    '',
    ...commands,
    '',
    '  everwarm <command> --help',
    '  everwarm --version',
  ].join('\n')
}

function print(text: string): number {
  process.stdout.write(`${text}\n`)
  return 0
}

function complain(error: EverwarmError): number {
  say(`${error.code}: ${error.message}`)
  if (error.hint) say(error.hint)
  return error.code === 'BAD_INPUT' || error.code === 'CONFIG_INVALID' ? 2 : 1
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
}

process.exitCode = await main(process.argv.slice(2))
