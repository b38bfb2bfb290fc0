import { expect, test } from 'vitest'
import { knownDocuments } from '../../src/workflow/known-documents.ts'
import { loadText } from '../../src/workflow/load.ts'
import { prepare } from '../../src/workflow/prepare.ts'
import { settingsLines } from '../../src/workflow/render/details-text.ts'
import { render, renderSettings } from '../../src/workflow/render/render.ts'
import { renderText } from '../../src/workflow/render/render-text.ts'

function planOf(spec: string) {
  const text = `kind: Workflow\nmetadata: { name: a }\nspec:\n${spec.replaceAll(/^/gm, '  ')}\n`
  const { documents, faults } = loadText(text, 'w.yaml')
  expect(faults).toEqual([])
  const known = knownDocuments(documents)
  return prepare(known.workflows[0]!, known, {}).plan
}
const lines = (spec: string) => {
  const plan = planOf(spec)
  return renderText(render(plan), renderSettings(plan)).split('\n')
}

test('steps say when they run, how often, and in what', () => {
  expect(
    lines(`container: { image: node:24, workingDir: /data/repo, env: [{ name: URL, value: hidden }] }
steps:
- name: One
  condition: always
  optional: true
  retry: { count: 2, until: self.passed }
  timeout: 5m
  shell: |
    a
    b {{ env.X }}
  artifacts: { paths: ['out/**'], compress: { name: out.tgz } }
- pure: true
  container: { resources: { limits: { cpu: '2', memory: 1Gi } }, volumeMounts: [{ name: v, mountPath: /v }] }
  run:
    command: [npm]
    args: [test]
    env: [{ name: TOKEN, valueFrom: { secretKeyRef: { name: ci, key: token } } }]
    envFrom: [{ configMapRef: { name: app } }]`),
  ).toEqual([
    'One (if always, optional, retry 2 until self.passed, timeout 5m)',
    '  shell in node:24 at /data/repo: a',
    '      b {{ env.X }}',
    '    env URL',
    '    later: env.X',
    '  artifacts: out/**, as out.tgz',
    'step',
    '  run (pure) in node:24 at /data/repo: npm test',
    '    env URL, TOKEN (secret ci), all of configMap app',
    '    limits cpu 2, memory 1Gi',
    '    also volumeMounts',
  ])
})

test('workers are told by their number: one, one after the other, some at a time, or not known yet', () => {
  expect(
    lines(`steps:
- name: Both
  parallel: { matrix: { os: [linux, mac] }, parallelism: 1, shell: 'test {{ matrix.os }} {{ env.X }}' }
- { condition: failed, parallel: { shards: { f: [] }, shell: x } }
- parallel: { shards: { f: 'glob("*.ts")' }, maxCount: 3, parallelism: 2, by: duration, shell: y }
- parallel: { matrix: { f: 'glob("*.ts")' }, shell: y }
- parallel: { count: 1, shell: y }
- parallel:
    count: 5
    parallelism: 2
    failFast: true
    logs: failed
    transfer: [{ from: /data/repo, files: ['src/**'], to: /data }]
    fetch: [{ from: out }]
    timeouts: { initialization: 1m }
    shell: y
- parallel: { dynamic: true, count: 2, shards: { f: [a, b, c] }, shell: 'y {{ shard.f }}' }`),
  ).toEqual([
    'Both',
    '  parallel: 2 workers, one after the other',
    '    0  os=linux',
    '    1  os=mac',
    '    the first runs',
    '      step',
    '        shell: test linux {{ env.X }}',
    '          later: env.X',
    'step (if failed)',
    '  parallel: skipped. The list "f" is empty: there is nothing to shard.',
    'step',
    '  parallel: at most 3 workers, 2 at a time; how many is known when it runs, by shards.f = glob("*.ts")',
    '    shards are cut by duration',
    '    each runs',
    '      step',
    '        shell: y',
    'step',
    '  parallel: how many workers is known when it runs, by matrix.f = glob("*.ts")',
    '    each runs',
    '      step',
    '        shell: y',
    'step',
    '  parallel: 1 worker',
    '    it runs',
    '      step',
    '        shell: y',
    'step',
    '  parallel: 5 workers, 2 at a time, the first that fails ends the others',
    '    transfer /data/repo (src/**) to /data',
    '    fetch out',
    '    output is kept if failed',
    '    until its first step: 1m at most',
    '    the first runs',
    '      step',
    '        shell: y',
    'step',
    '  parallel: 2 workers at the same time',
    '    pull 3 items of f from one queue, the longest first',
    '    the first runs',
    '      step',
    '        shell: y {{ shard.f }}',
    '          later: shard.f',
  ])
})

test('services say when they are ready, executions what they are given', () => {
  expect(
    lines(`services:
  db:
    image: postgres:17
    count: 2
    ports: [5432]
    restartPolicy: Never
    timeout: 2m
    logs: failed
    readinessProbe: { tcpSocket: { port: 5432 }, periodSeconds: 1, failureThreshold: 9 }
steps:
- execute:
    parallelism: 2
    workflows:
    - { name: e2e, config: { users: 5 }, matrix: { os: [a, b] }, executionName: 'e2e-{{ matrix.os }}' }
    - { name: api }
- execute: { async: true, workflows: [{ selector: { matchLabels: { team: web } } }] }`),
  ).toEqual([
    'services-start',
    '  db: 2 instances at the same time in postgres:17',
    '    ready: port 5432 answers, every 1 s, may fail 9 times, within 2m',
    '    ports 5432',
    '    restart Never',
    '    output is kept if failed',
    'step',
    '  execute: 3 executions, 2 at a time',
    '    e2e: 2 executions at the same time',
    '      users = 5',
    '      as e2e-{{ matrix.os }}',
    '      0  os=a',
    '      1  os=b',
    '    api: 1 execution',
    'step',
    '  execute (only started)',
    '    labels team=web: 1 execution of each workflow that has them',
    'services-stop: keeps the output of db if failed',
  ])
})

test('no credential, no value of a variable and no text of a file is shown, for programs neither', () => {
  const plan = planOf(`content:
  git: { uri: 'https://me:hunter2@example.com/a', token: hunter2, sshKeyFrom: { secretKeyRef: { name: a, key: b } } }
  files: [{ path: /data/a, content: hunter2, mode: 0o600 }]
  tarball: [{ url: 'https://me:hunter2@example.com/a.tgz', path: /data/b }]
services: { db: { image: a, env: [{ name: PASSWORD, value: hunter2 }] } }
steps: [{ shell: ls, container: { env: [{ name: PASSWORD, value: hunter2 }] } }]`)
  const root = render(plan)
  expect(JSON.stringify(root)).not.toContain('hunter2')
  expect(renderText(root).split('\n').slice(0, 3)).toEqual([
    'files: /data/a (0o600)',
    'git: https://****@example.com/a, with token, sshKeyFrom',
    'tarballs: https://****@example.com/a.tgz to /data/b',
  ])
})

test('settings of the whole workflow are told once', () => {
  const plan = planOf(`concurrency: { group: deploy, max: 2, cancelInProgress: true }
timeouts: { queue: 10m }
pod: { nodeSelector: { disk: ssd } }
steps: [{ parallel: { count: 2, shell: a } }]`)
  expect(settingsLines(renderSettings(plan))).toEqual([
    'concurrency: 2 at a time of the group "deploy", the newest ends the oldest',
    'waits for its turn: 10m at most',
    'pod: nodeSelector',
  ])
  expect(renderText(render(plan), renderSettings(plan))).not.toContain('pod')
})
