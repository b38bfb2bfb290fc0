#!/usr/bin/env node
import { ON_STANDARD_STREAMS, runToolkit } from './run-toolkit.ts'

// `everwarm-toolkit services | head -1`: who does not read on does not end what runs.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
process.exitCode = await runToolkit(process.argv.slice(2), process.env, {
  ...ON_STANDARD_STREAMS,
  program: 'everwarm-toolkit',
  self: [...process.execArgv, process.argv[1]!],
})
