#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { runToolkit } from './run-toolkit.ts'

enableCompileCache()
// `everwarm-toolkit services | head -1`: who does not read on does not end what runs.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
process.exitCode = await runToolkit(process.argv.slice(2), process.env, {
  program: 'everwarm-toolkit',
  self: [...process.execArgv, process.argv[1]!],
})
