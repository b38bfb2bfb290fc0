import type { Verdict } from './render.ts'
import type { ListedTest } from './select.ts'

/** A test of wasm-bindgen-test: an export of the module. */
export interface BindgenTest extends ListedTest {
  exportName: string
}

/**
 * `__wbgt_` modifiers `_` crate `::` path, where `$` among the modifiers says that it is ignored. Names come without the crate, as
 * wasm-bindgen-test-runner lists them, and in alphabetical order, as libtest's.
 */
export function bindgenTests(exportNames: readonly string[]): BindgenTest[] {
  return exportNames
    .flatMap((exportName): BindgenTest[] => {
      const [, modifiers, name] = /^__wbgt_([^_]*)_[^:]+::(.+)$/s.exec(exportName) ?? []
      if (modifiers === undefined || name === undefined) return []
      return [{ exportName, name, kind: 'test', isIgnored: modifiers.includes('$') }]
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** What wasm-bindgen-test reports of a run of one test; undefined where it never came to a result. */
export function readReport(report: string): Verdict | undefined {
  const [, word, reason] = /^test .+ \.\.\. (ok|FAIL|ignored)(?:, (.*))?$/m.exec(report) ?? []
  if (word === undefined) return undefined
  return {
    status: word === 'FAIL' ? 'failed' : (word as 'ok' | 'ignored'),
    isShouldPanic: false,
    output: Buffer.from(detailsOf(report)),
    ...(reason ? { reason } : {}),
  }
}

/** Indented by four, between the title of the test and the list of failures. */
function detailsOf(report: string): string {
  const [, details] = /^---- .+ output ----\n([\s\S]*?)\n*^failures:$/m.exec(report) ?? []
  return details === undefined ? '' : `${details.replaceAll(/^ {4}/gm, '').trimEnd()}\n`
}
