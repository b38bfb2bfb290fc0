import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Reporter, TestSpecification, Vitest } from 'vitest/node'
import { checkedArg, refuseOptions } from './options.ts'

/** What is used of a project's Vitest; all of it public. */
interface VitestNode {
  parseCLI(argv: string[]): { filter: string[]; options: Record<string, unknown> }
  createVitest(mode: 'test', options: object, viteOverrides?: object): Promise<Vitest>
  ReportersMap: { blob: BlobReporterClass }
}

export interface BlobReporterClass {
  new (options: { outputFile: string }): Required<Pick<Reporter, 'onInit' | 'onTestRunEnd'>>
}

export interface VitestModule {
  /**
   * @param base the worker's folder
   * @throws EverwarmError BAD_INPUT, COMMAND_REFUSED; what the configuration throws
   */
  create(args: readonly string[], base: string, reporter: Reporter): Promise<Vitest>
  BlobReporter: BlobReporterClass
}

/** @param vitestPackage its package.json, in the project */
export async function loadVitest(vitestPackage: string): Promise<VitestModule> {
  const { parseCLI, createVitest, ReportersMap } = (await import(
    pathToFileURL(join(dirname(vitestPackage), 'dist/node.js')).href
  )) as VitestNode
  return {
    BlobReporter: ReportersMap.blob,
    async create(args, base, reporter) {
      const { filter, options } = parseCLI(['vitest', 'run', ...args.map(checkedArg)])
      refuseOptions({ filter, options, base, directory: process.cwd() })
      const { t: _short, ...asked } = options
      // As in CI: what is written on a worker, nobody would ever see.
      const fixed = {
        watch: false,
        run: true,
        update: 'none',
        reporters: [reporter],
        outputFile: undefined,
        ui: false,
        open: false,
      }
      const vitest = await createVitest('test', { ...asked, ...fixed })
      vitest.config.sequence.sequencer = AsOrdered
      if (process.env.CI === '') keepObsolete(vitest)
      return vitest
    },
  }
}

/**
 * For who is not in CI (his session says `CI=''`) snapshots that nobody asks for are no error. A word that Vitest does not know
 * writes as little as `none`, which alone makes errors of them.
 */
function keepObsolete({ config, projects }: Vitest): void {
  for (const { snapshotOptions } of [config, ...projects.map((project) => project.config)])
    snapshotOptions.updateSnapshot = 'kept' as never
}

/** The session has put its tests in order, over all workers; its own sequencer would know of this shard alone. */
class AsOrdered {
  async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files
  }
  async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files
  }
}
