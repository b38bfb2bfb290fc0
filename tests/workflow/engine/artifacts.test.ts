import { expect, test } from 'vitest'
import { run } from './house.ts'

const JUNIT =
  '<testsuites><testsuite name="s" tests="2"><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite></testsuites>'

test('files are kept under the names that they have, also after a failure, and reports are read', async () => {
  const { artifacts, events, result } = await run(`
steps:
  - name: a
    shell: 'mkdir -p out/deep; echo 1 > out/a.txt; echo 2 > out/deep/b.log; echo no > out/c.tmp; echo ''${JUNIT}'' > out/junit.xml; exit 1'
    artifacts: { paths: ['out/**/*', '!**/*.tmp'] }
`)
  expect(result.status).toBe('failed')
  expect(Object.fromEntries([...artifacts].map(([name, bytes]) => [name, bytes.toString().slice(0, 6)]))).toEqual({
    'out/a.txt': '1\n',
    'out/deep/b.log': '2\n',
    'out/junit.xml': '<tests',
  })
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'report', kind: 'junit', summary: expect.objectContaining({ tests: 2, failed: 1 }) }),
  )
})

test('workers have folders of their own; an archive keeps all in one', async () => {
  const { artifacts } = await run(`
steps: [{ parallel: { count: 2, shell: 'mkdir o; echo {{ index }} > o/x', artifacts: { paths: [o/x], compress: { name: all.tar } } } }]
`)
  expect([...artifacts.keys()].sort()).toEqual([
    expect.stringMatching(/^r\d+\/1\/all.tar.gz$/),
    expect.stringMatching(/^r\d+\/2\/all.tar.gz$/),
  ])
}, 30_000)

test('no file is a message; a pattern outside of all volumes is an error', async () => {
  const none = await run(`steps: [{ shell: 'true', artifacts: { paths: [none/**], compress: { name: x } } }]`)
  expect([none.result.status, [...none.artifacts]]).toEqual(['passed', []])
  expect(none.events).toContainEqual(
    expect.objectContaining({ type: 'warning', code: 'NOTHING_KEPT', message: 'No file matches "none/**"; nothing is kept.' }),
  )
  const outside = await run(`steps: [{ shell: 'true', artifacts: { paths: [/etc/passwd] } }]`)
  expect(outside.result).toMatchObject({
    status: 'failed',
    error: {
      code: 'ARTIFACTS_FAILED',
      message: expect.stringContaining('outside of all volumes'),
      hint: 'Begin it in one of them: /data.',
    },
  })
})

test('patterns may begin at /data, wherever that lies', async () => {
  const { artifacts, result } = await run(`
steps:
  - shell: 'mkdir -p ../p o; echo 1 > ../p/b.txt; echo 2 > o/a.txt; echo 3 > o/not.txt'
    artifacts: { paths: ['/data/{p,repo/o}/*.txt', '!/data/repo/o/not.txt'] }
`)
  expect(result.status).toBe('passed')
  expect([...artifacts.keys()].sort()).toEqual(['p/b.txt', 'repo/o/a.txt'])
})

test('what a command hands over is kept once it has ended, also by one that fails, and nothing of it stays', async () => {
  const place = '"$WORKFLOW_DATA/.artifacts"'
  const { artifacts, events, result, output } = await run(`
steps:
  - name: a
    shell: |
      # as the toolkit does it
      mkdir -p ${place}/1/out/.deep ${place}/2 ${place}/3/part; cd ${place}
      echo one > 1/out/.deep/x; echo '${JUNIT}' > 1/junit.xml; ln -s /etc/hosts 1/link; echo '{}' > 1.json
      echo two > 2/y; echo '{"compress": "all"}' > 2.json
      echo half > 3/part/z; exit 3
  - { name: b, condition: always, shell: 'ls -A "$WORKFLOW_DATA/.artifacts"; echo $WORKFLOW_STEP' }
`)
  expect([result.status, [...artifacts.keys()].sort()]).toEqual(['failed', ['all.tar.gz', 'junit.xml', 'out/.deep/x']])
  expect(output).toMatch(/^r\d+\n$/)
  const told = events.filter(({ type }) => type === 'artifact')
  expect(new Set(told.map((event) => 'ref' in event && event.ref)).size).toBe(1)
  expect(events).toContainEqual(expect.objectContaining({ type: 'report', path: 'junit.xml' }))
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'warning', message: expect.stringContaining('link -> /etc/hosts') }),
  )
})
