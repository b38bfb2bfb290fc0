import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execFile } from 'node:child_process'
import { expect, test } from 'vitest'
import { encodeArgument } from '../../src/workflow/expressions/argument.ts'
import { groupFolder } from '../../src/toolkit/keeper/group-folder.ts'
import { MAIN, ownFolder, ownHouse } from './toolkit-run.ts'

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

function cli(cwd: string, args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { EVERWARM_CONFIG: _, EVERWARM_TOKEN: __, ...inherited } = process.env
  const env = { ...inherited, ...ownHouse(cwd) }
  return new Promise((resolve) =>
    execFile(process.execPath, ['--no-warnings', CLI, ...args], { cwd, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    ),
  )
}

test(
  'a step uses it in its script: its files are those of the step, and the workflow hears of workers',
  { timeout: 60_000 },
  async () => {
    const folder = ownFolder()
    writeFileSync(join(folder, 'here.txt'), 'here')
    const spec = {
      matrix: { f: 'glob("*.txt")', n: [1, 2] },
      transfer: [{ from: '.', files: ['*.txt'] }],
      fetch: [{ from: '/data/repo/out' }],
      shell: 'mkdir out; cp here.txt out/{{ index }}.txt; echo {{ matrix.f }} {{ env.X }} >> out/{{ index }}.txt',
      container: { env: [{ name: 'X', value: 'of-worker' }] },
    }
    const env = { ...ownHouse(folder), EVERWARM_REF: 's1', X: 'of-step' }
    const workflow = {
      kind: 'Workflow',
      metadata: { name: 'w' },
      spec: {
        container: { env: Object.entries(env).map(([name, value]) => ({ name, value })) },
        steps: [
          {
            name: 'Script',
            shell: `"${process.execPath}" --no-warnings "${MAIN}" parallel --base64 ${encodeArgument(spec)}; cat out/*.txt`,
          },
          { name: 'Next', shell: `echo 'workers {{ join(map(json(output.parallel), "_.value.index + _.value.status"), " ") }}'` },
        ],
      },
    }
    writeFileSync(join(folder, 'w.yaml'), JSON.stringify(workflow))
    const { code, stdout, stderr } = await cli(folder, ['workflow', 'run', 'w.yaml', '--json'])
    expect(stderr).toBe('')
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; text?: string; name?: string })
    const said = events.flatMap(({ type, text }) => (type === 'output' ? [text] : [])).join('')
    expect(code, said).toBe(0)
    expect(said.match(/here\/\S+\/main\/data\/repo\/here\.txt of-worker\n/g)).toHaveLength(2)
    expect(existsSync(join(folder, 'out'))).toBe(false)
    expect(said).toContain('workers 0passed 1passed\n')
    expect(events.filter(({ type, name }) => type === 'said' && name === 'parallel').length).toBeGreaterThan(3)
  },
)

test('`everwarm toolkit` is the same program, also where it begins another process', { timeout: 60_000 }, async () => {
  const folder = ownFolder()
  const help = await cli(folder, ['toolkit', 'kill', '--help'])
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('everwarm toolkit kill: end the services of a group') })
  expect((await cli(folder, ['toolkit', 'tarball', 'x'])).code).toBe(155)
  const spec = '{"a": {"shell": "sleep 60", "readinessProbe": {"exec": {"command": ["true"]}}}}'
  expect(await cli(folder, ['toolkit', 'services', '-g', 'g', spec])).toMatchObject({ code: 0, stderr: '' })
  expect(await cli(folder, ['toolkit', 'kill', 'g'])).toMatchObject({ code: 0, stderr: '' })
})

test(
  'what it keeps in a step are artifacts of that step, also those of workers that it begins there',
  { timeout: 60_000 },
  async () => {
    const folder = ownFolder()
    const tk = `"${process.execPath}" --no-warnings "${MAIN}"`
    const kept = `${tk} artifacts 'out/**' && rm -r out`
    const inner = JSON.stringify({ count: 1, shell: 'echo inner > i.txt', artifacts: { paths: ['i.txt'] } })
    const spec = {
      steps: [
        { name: 'Plain', shell: `mkdir out; echo a > out/a.txt; ${kept}` },
        { name: 'Workers', parallel: { count: 2, shell: `mkdir out; echo {{ index }} > out/w.txt; ${kept} > /dev/null` } },
        { name: 'Inner', shell: `${tk} parallel '${inner}' && ${tk} parallel '${inner}'` },
      ],
    }
    writeFileSync(join(folder, 'w.yaml'), JSON.stringify({ kind: 'Workflow', metadata: { name: 'w' }, spec }))
    const { code, stdout } = await cli(folder, ['workflow', 'run', 'w.yaml', '--json'])
    expect(code, stdout).toBe(0)
    const events = stdout.trimEnd().split('\n')
    const told = events.map((line) => JSON.parse(line) as { type: string; path: string; unit: string })
    expect(told.flatMap(({ type, unit, path }) => (type === 'artifact' ? [`${unit} ${path}`] : [])).sort()).toEqual([
      ' out/a.txt',
      expect.stringMatching(/^ r\d+\/parallel-2\/r\d+\/1\/i\.txt$/),
      expect.stringMatching(/^ r\d+\/parallel\/r\d+\/1\/i\.txt$/),
      expect.stringMatching(/^r\d+\.0 r\d+\/1\/out\/w\.txt$/),
      expect.stringMatching(/^r\d+\.1 r\d+\/2\/out\/w\.txt$/),
    ])
    // The same house as that of whoever runs the workflow.
    expect((await cli(folder, ['workflow', 'list'])).stdout.match(/toolkit-parallel/g)).toHaveLength(2)
  },
)

test(
  'who kills the shell of a step ends what the toolkit has begun there, before the workflow ends',
  { timeout: 60_000 },
  async () => {
    const folder = ownFolder()
    const pids = join(folder, 'pids')
    const inner = JSON.stringify({
      count: 2,
      shell: `echo $$ >> ${pids}; [ $(wc -l < ${pids}) = 1 ] || kill -9 $OUTER; sleep 600`,
    })
    const spec = {
      steps: [
        {
          name: 'Killed',
          shell: `sed "s/OUTER/$$/" > spec <<'END'\n${inner.replace('$OUTER', 'OUTER')}\nEND\n"${process.execPath}" --no-warnings "${MAIN}" parallel "$(cat spec)"; echo no`,
        },
        {
          name: 'Gone',
          condition: 'always',
          timeout: '30s',
          shell: `for pid in $(cat ${pids}); do while kill -0 $pid 2>/dev/null; do sleep 0.1; done; done; echo all gone`,
        },
      ],
    }
    writeFileSync(join(folder, 'w.yaml'), JSON.stringify({ kind: 'Workflow', metadata: { name: 'w' }, spec }))
    const { code, stdout } = await cli(folder, ['workflow', 'run', 'w.yaml'])
    expect(code, stdout).toBe(137)
    expect(stdout).toContain('all gone')
  },
)

test(
  'installed packages go with the files of a step to its workers, as they do with the field `parallel`',
  { timeout: 60_000 },
  async () => {
    const folder = ownFolder()
    for (const name of ['node_modules/dep', 'node_modules/@scope/dep']) {
      mkdirSync(join(folder, name), { recursive: true })
      writeFileSync(join(folder, name, 'index.js'), `console.log("from ${name}")`)
    }
    const tk = `"${process.execPath}" --no-warnings "${MAIN}"`
    const nested = JSON.stringify({
      count: 1,
      transfer: [{ from: '.' }],
      shell: `node -e 'require("dep"); require("@scope/dep")'`,
    })
    const spec = {
      steps: [{ shell: `cat > spec <<'END'\n${nested}\nEND\n${tk} parallel "$(cat spec)"` }],
    }
    writeFileSync(join(folder, 'w.yaml'), JSON.stringify({ kind: 'Workflow', metadata: { name: 'w' }, spec }))
    const { code, stdout } = await cli(folder, ['workflow', 'run', 'w.yaml'])
    expect(code, stdout).toBe(0)
    expect(stdout).toContain('from node_modules/dep\n')
    expect(stdout).toContain('from node_modules/@scope/dep\n')
    expect(stdout).not.toContain('left out')
  },
)

test('a group of services is that of its site: workers and executions have groups of their own, steps of one have the same', () => {
  const of = (data?: string, execution?: string) =>
    groupFolder('web', execution, { EVERWARM_HOME: '/h', ...(data ? { WORKFLOW_DATA: data } : {}) })
  expect(new Set([of(), of('/a/r1-0/data'), of('/a/r1-1/data'), of(undefined, 'x'), of('/a/r1-0/data', 'x')]).size).toBe(5)
  expect(of('/a/r1-0/data')).toBe(of('/a/r1-0/data'))
})
