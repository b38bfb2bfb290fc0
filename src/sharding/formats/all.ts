import { EverwarmError } from '../../contracts/errors.ts'
import { circleci } from './circleci.ts'
import { everwarmFormat } from './everwarm.ts'
import type { TimingsFormat } from './format.ts'
import { bun, junit } from './junit.ts'
import { playwrightLastRun } from './playwright-last-run.ts'
import { playwrightJson } from './playwright.ts'
import { pytestSplit } from './pytest-split.ts'
import { vitestCache } from './vitest-cache.ts'
import { vitestJson } from './vitest-json.ts'

/** In the order in which a text is held against them. */
export const FORMATS: readonly TimingsFormat[] = [
  everwarmFormat,
  vitestCache,
  vitestJson,
  playwrightJson,
  playwrightLastRun,
  junit,
  bun,
  circleci,
  pytestSplit,
]

/** @throws EverwarmError BAD_INPUT with the names that there are */
export function formatNamed(name: string): TimingsFormat {
  const found = FORMATS.find((format) => format.name === name)
  if (found) return found
  throw new EverwarmError('BAD_INPUT', {
    message: `There is no format "${name}".`,
    hint: `There are ${FORMATS.map((format) => format.name).join(', ')}.`,
  })
}

/** @throws EverwarmError TIMINGS_UNREADABLE if it is none of them */
export function formatOf(text: string, fileName: string): TimingsFormat {
  const found = FORMATS.find((format) => format.recognises(text, fileName))
  if (found) return found
  throw new EverwarmError('TIMINGS_UNREADABLE', {
    message: `${fileName} is in no format that everwarm knows.`,
    hint: `Name it with --format: ${FORMATS.map((format) => format.name).join(', ')}.`,
  })
}
