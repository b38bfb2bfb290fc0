import type { WorkerReport } from '../../../contracts/workflow/events.ts'
import type { LoadedWorkflow } from '../../known-documents.ts'
import { prepare } from '../../prepare.ts'
import { hideSensitive } from '../../sensitive.ts'
import { innerPath, newSiteId } from '../engine.ts'
import type { OperationContext } from '../operation.ts'
import { shownAt } from '../field-errors.ts'
import { isGivenUp } from '../given-up.ts'
import { withSecretReferences } from '../secret-references.ts'
import { Unit, type UnitEnd } from '../unit.ts'
import { placeNames, siteSettings } from '../unit-place.ts'
import { unitTree } from '../unit-report.ts'

/** One execution of another workflow. */
export interface Child {
  index: number
  workflow: LoadedWorkflow
  config: Record<string, unknown>
  name?: string
  description?: string
}

/** One workflow inside another: a unit in a site of its own. Never rejects. */
export async function runChild(context: OperationContext<'execute'>, child: Child): Promise<UnitEnd> {
  const { unit: parent, node, signal } = context
  const { engine, options } = parent
  const { index, workflow, config, name = workflow.document.metadata.name } = child
  const path = innerPath(options.path, node.ref, index)
  const tell = (report: WorkerReport) => engine.tell({ type: 'worker', unit: options.path, ref: node.ref, index, ...report })
  const shown = child.description ? `${name}: ${child.description}` : name
  const beganMs = engine.clock.now()
  tell({ status: 'starting', description: shown })
  try {
    const prepared = prepare(workflow, engine.known, config)
    hideSensitive(prepared, engine.masks)
    const plan = { ...prepared.plan, root: withSecretReferences(prepared.plan.root) }
    const prefix = `${options.artifactPrefix}${node.ref}/${index + 1}`
    const names = { ...placeNames(engine, path, prefix, plan), 'execution.name': name }
    const site = await engine.room.openSite({
      id: newSiteId(engine, path),
      ...siteSettings(engine, { path, plans: [plan], names }),
      signal,
    })
    try {
      engine.tell({ type: 'unit', unit: path, root: unitTree(plan.root), description: shown })
      const unit = new Unit(engine, site, {
        path,
        plan,
        names,
        inherited: [],
        logName: `logs/${path}.log`,
        artifactPrefix: `${prefix}/`,
      })
      signal.addEventListener('abort', () => unit.abort('aborted'), { once: true })
      tell({ status: 'running' })
      if (parent.isPaused) void unit.pause()
      const { status, error } = await unit.start().ended
      await unit.log.close(true)
      const log = unit.log.name
      tell({
        status: status === 'timeout' ? 'failed' : status,
        durationMs: engine.clock.now() - beganMs,
        ...(log === undefined ? {} : { log }),
        ...(error ? { error } : {}),
      })
      return { status, ...(error ? { error } : {}) }
    } finally {
      await site.close()
    }
  } catch (thrown) {
    if (signal.aborted && isGivenUp(thrown)) {
      tell({ status: 'aborted' })
      return { status: 'aborted' }
    }
    const error = shownAt(thrown, undefined, engine)
    tell({ status: 'failed', error })
    return { status: 'failed', error }
  }
}
