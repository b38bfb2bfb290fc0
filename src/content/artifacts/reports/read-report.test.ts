import { assert, json, oneof, property, string } from 'fast-check'
import { expect, test } from 'vitest'
import { MOST_REPORT_BYTES, mayBeReport, readReport } from './read-report.ts'

const read = (name: string, content: string | object) =>
  readReport(name, Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)))

test('JUnit: cases are counted, each once, however suites are nested', () => {
  const xml = `<?xml version="1.0"?><testsuites tests="99"><testsuite name="a" tests="4" time="1.5"><testsuite name="b">
    <testcase name="1" time="0.5"/><testcase name="2"><failure message="&lt;testcase&gt;"/><failure/></testcase></testsuite>
    <testcase name="3"><error/><system-out><![CDATA[<testcase name="no"/>]]></system-out></testcase>
    <testcase name="4"><skipped/></testcase></testsuite></testsuites>`
  expect(read('out/junit.xml', xml)).toEqual({
    kind: 'junit',
    summary: { tests: 4, failed: 1, errored: 1, skipped: 1, durationMs: 1500 },
  })
})

test('JUnit: suites without cases speak for themselves; without a time of suites, that of cases counts', () => {
  expect(read('a.XML', '<testsuite tests="5" failures="2" errors="1" skipped="1" time="1,200.5"/>')?.summary).toEqual({
    tests: 5,
    failed: 2,
    errored: 1,
    skipped: 1,
    durationMs: 1_200_500,
  })
  expect(read('a.xml', '<testsuite><testcase time="0.25"/><testcase time="0.5"/></testsuite>')?.summary).toMatchObject({
    tests: 2,
    durationMs: 750,
  })
})

test('XML is JUnit only if it says so at its beginning', () => {
  expect(read('pom.xml', '<project/>')).toBeUndefined()
  expect(read('a.xml', `<x>${' '.repeat(9_000)}<testsuite tests="1"/></x>`)).toBeUndefined()
})

test('k6: both of its summaries', () => {
  const exported = {
    metrics: { http_req_duration: { avg: 12.5, 'p(95)': 30 }, checks: { value: 0.9, passes: 9, fails: 1 } },
    root_group: {},
  }
  expect(read('summary.json', exported)).toEqual({
    kind: 'k6',
    summary: {
      tests: 10,
      failed: 1,
      metrics: {
        'http_req_duration.avg': 12.5,
        'http_req_duration.p(95)': 30,
        'checks.value': 0.9,
        'checks.passes': 9,
        'checks.fails': 1,
      },
    },
  })
  const handled = {
    metrics: { vus: { type: 'gauge', contains: 'default', values: { value: 5, max: 7 } } },
    state: { testRunDurationMs: 1234.5 },
  }
  expect(read('summary.json', handled)).toEqual({
    kind: 'k6',
    summary: { durationMs: 1235, metrics: { 'vus.value': 5, 'vus.max': 7 } },
  })
  expect(read('other.json', { metrics: { name: 'none' } })).toBeUndefined()
})

test('JMeter: only statistics.json, with its total', () => {
  const statistics = {
    Total: { transaction: 'Total', sampleCount: 200, errorCount: 3, meanResTime: 12.5 },
    Home: { sampleCount: 100, errorCount: 0 },
  }
  expect(read('report/statistics.json', statistics)).toEqual({
    kind: 'jmeter',
    summary: {
      tests: 200,
      failed: 3,
      metrics: {
        'Total.sampleCount': 200,
        'Total.errorCount': 3,
        'Total.meanResTime': 12.5,
        'Home.sampleCount': 100,
        'Home.errorCount': 0,
      },
    },
  })
  expect(read('other.json', statistics)).toBeUndefined()
})

test('Artillery: counters, rates and summaries', () => {
  const aggregate = {
    counters: { 'vusers.created': 50, 'vusers.failed': 2 },
    rates: { 'http.request_rate': 10 },
    summaries: { 'http.response_time': { p95: 30.3, max: 90 } },
    histograms: { 'http.response_time': { p95: 30.3 } },
    firstMetricAt: 1_000,
    lastMetricAt: 31_000,
  }
  expect(read('artillery.json', { aggregate, intermediate: [] })).toEqual({
    kind: 'artillery',
    summary: {
      tests: 50,
      failed: 2,
      durationMs: 30_000,
      metrics: {
        'vusers.created': 50,
        'vusers.failed': 2,
        'http.request_rate': 10,
        'http.response_time.p95': 30.3,
        'http.response_time.max': 90,
      },
    },
  })
})

test('Influx line protocol: numbers of each field, and nothing at all if one line is none', () => {
  const lines =
    '# comment\nhttp,host=a\\ b latency=1.5,code=200i,note="a, b=7" 1465839830100400200\n\nhttp latency=4.5e0\nmy\\ cpu up=t,n=3u\n'
  expect(read('out.lp', lines)?.summary.metrics).toEqual({
    'http.latency.count': 2,
    'http.latency.avg': 3,
    'http.latency.max': 4.5,
    'http.code.count': 1,
    'http.code.avg': 200,
    'http.code.max': 200,
    'my cpu.n.count': 1,
    'my cpu.n.avg': 3,
    'my cpu.n.max': 3,
  })
  expect(read('out.influx', `${lines}no line`)).toBeUndefined()
  expect(read('out.txt', lines)).toBeUndefined()
})

test('Vitest: a file that did not load is an error', () => {
  const report = {
    numTotalTests: 5,
    numPassedTests: 2,
    numFailedTests: 1,
    numPendingTests: 1,
    numTodoTests: 1,
    startTime: 1_000,
    testResults: [
      { status: 'failed', endTime: 1_500, assertionResults: [{}] },
      { status: 'failed', endTime: 2_500.4, assertionResults: [] },
    ],
  }
  expect(read('report.json', report)).toEqual({
    kind: 'vitest',
    summary: { tests: 5, failed: 1, errored: 1, skipped: 2, durationMs: 1_500 },
  })
})

test('Playwright: what is flaky has passed, and is told', () => {
  const report = {
    config: {},
    suites: [],
    errors: [{}],
    stats: { expected: 3, unexpected: 1, flaky: 2, skipped: 1, duration: 99.6 },
  }
  expect(read('report.json', report)).toEqual({
    kind: 'playwright',
    summary: { tests: 7, failed: 1, errored: 1, skipped: 1, durationMs: 100, metrics: { flaky: 2 } },
  })
})

test('only small files with such a name are read', () => {
  expect(['a.json', 'a.xml', 'a.lp', 'a.influx'].map((name) => mayBeReport(name, 10))).toEqual([true, true, true, true])
  expect([mayBeReport('a.json', MOST_REPORT_BYTES + 1), mayBeReport('a.json', 0), mayBeReport('a.png', 10)]).toEqual([
    false,
    false,
    false,
  ])
})

test('whatever is in a file, it is a report or it is none, and soon', () => {
  assert(
    property(
      oneof(
        string(),
        json(),
        string().map((text) => `<testsuite ${text}>`),
      ),
      (text) => {
        for (const name of ['statistics.json', 'a.xml', 'a.lp']) read(name, text)
      },
    ),
    { numRuns: 300 },
  )
  const hostile = [
    '<testsuite>'.concat('<!--'.repeat(500_000)),
    `<testsuite a="${'x'.repeat(8_000_000)}"/>`,
    '<testsuite>'.repeat(500_000),
    `<testsuite>${'<!A'.repeat(500_000)}`,
  ]
  for (const text of hostile) read('a.xml', text)
  read('a.lp', `m f="${'x'.repeat(4_000_000)}`)
  read('a.json', '{"metrics":'.repeat(100_000))
  expect(
    Object.keys(
      read('a.json', { metrics: Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`m${i}`, { avg: i }])) })!.summary
        .metrics!,
    ),
  ).toHaveLength(500)
})
