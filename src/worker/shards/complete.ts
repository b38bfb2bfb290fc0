import { rmSync } from 'node:fs'
import { basename } from 'node:path'
import type { ArtifactKind } from '../../contracts/artifacts.ts'
import type { CaseResult, TestResult } from '../../contracts/session.ts'
import type { ShardOrder } from '../../contracts/shard-run.ts'
import type { Attachment, FoundResult } from './host-types.ts'
import type { Publisher } from './publish.ts'

/** Where an artifact is to be had, from the coordinator's address. */
const artifactUrl = (sha256: string) => `/api/artifacts/sha256/${sha256}`

/**
 * Publishes a result's report and attachments, and names them in it. A result is never lost for them: what cannot be
 * published is missing, and said.
 */
export function resultCompleter(publisher: Publisher | undefined, warn: (line: string) => void) {
  return async function complete({ result, reportPath, attachments = [] }: FoundResult, order: ShardOrder): Promise<TestResult> {
    const { sessionId, shardId, attempt } = order
    const bring = async (path: string, name: string, type: string, kind: ArtifactKind) => {
      try {
        return await publisher?.publish(path, { name, type, kind, sessionId, testId: result.testId, shardId, attempt })
      } catch (error) {
        warn(`everwarm-shard: ${name} of ${result.testPath ?? result.testId} is not kept: ${(error as Error).message}`)
        return undefined
      }
    }
    const report =
      reportPath === undefined ? undefined : await bring(reportPath, basename(reportPath), typeOf(reportPath), 'report')
    if (reportPath !== undefined) rmSync(reportPath, { force: true })
    const kept: { attachment: Attachment; sha256: string }[] = []
    for (const attachment of attachments) {
      const sha256 = await bring(attachment.path, attachment.name, attachment.type, kindOf(attachment))
      if (sha256 !== undefined) kept.push({ attachment, sha256 })
    }
    return { ...result, ...(report === undefined ? {} : { report }), ...named(result, kept) }
  }
}

function kindOf({ name, type }: Attachment): ArtifactKind {
  if (name === 'trace') return 'trace'
  if (type.startsWith('image/')) return 'screenshot'
  return type.startsWith('video/') ? 'video' : 'other'
}

function typeOf(path: string): string {
  return path.endsWith('.zip') ? 'application/zip' : 'application/json'
}

function named(result: TestResult, kept: readonly { attachment: Attachment; sha256: string }[]): Partial<TestResult> {
  if (kept.length === 0) return {}
  const urls = (test: (attachment: Attachment) => boolean) =>
    kept.filter(({ attachment }) => test(attachment)).map(({ sha256 }) => artifactUrl(sha256))
  const screenshots = urls(({ type }) => type.startsWith('image/'))
  const [traceUrl] = urls(({ name }) => name === 'trace')
  const [videoUrl] = urls(({ type }) => type.startsWith('video/'))
  const cases = result.cases?.map((each, i): CaseResult => {
    const artifacts = urls(({ caseIndex }) => caseIndex === i)
    return artifacts.length > 0 ? { ...each, artifacts } : each
  })
  return {
    ...(screenshots.length > 0 ? { screenshots } : {}),
    ...(traceUrl === undefined ? {} : { traceUrl }),
    ...(videoUrl === undefined ? {} : { videoUrl }),
    ...(cases ? { cases } : {}),
  }
}
