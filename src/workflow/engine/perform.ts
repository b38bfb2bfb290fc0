import { EverwarmError } from '../../contracts/errors.ts'
import { EXIT_CODES, exitCodeOf } from '../status.ts'
import type { AnyOperation, OperationContext, OperationEnd } from './operation.ts'
import { runArtifacts } from './operations/artifacts.ts'
import { runCommand } from './operations/command.ts'
import { cloneContent, unpackTarballs, writeContent } from './operations/content.ts'
import { delay } from './operations/delay.ts'
import { executeWorkflows } from './operations/execute.ts'
import { runWorkers } from './parallel/run-workers.ts'
import { shownAt } from './field-errors.ts'
import { startServices } from './services/start-services.ts'
import { stopServices } from './services/stop-services.ts'

/** Runs one operation to its end. Never rejects. */
export async function perform(context: AnyOperation): Promise<OperationEnd> {
  try {
    const end = await Promise.race([operate(context), givenUp(context)])
    // By which signal it ended then says nothing.
    return context.signal.aborted ? { exitCode: end.exitCode, isAborted: true } : end
  } catch (error) {
    if (context.signal.aborted) return { exitCode: EXIT_CODES.aborted, isAborted: true }
    const exitCode = error instanceof EverwarmError ? exitCodeOf(error.code) : EXIT_CODES.internal
    return { exitCode, isFault: true, error: shownAt(error, context.node, context.unit.engine) }
  }
}

/** One that does not end though it should is left behind: nothing may wait for it for ever. */
function givenUp({ signal, unit }: AnyOperation): Promise<OperationEnd> {
  return new Promise((resolve) => {
    const soon = () => unit.engine.clock.after(LEFT_BEHIND_MS, () => resolve({ exitCode: EXIT_CODES.aborted, isAborted: true }))
    if (signal.aborted) soon()
    else signal.addEventListener('abort', soon, { once: true })
  })
}

/** Longer than any clean-up: two times SIGTERM and SIGKILL of a worker. */
const LEFT_BEHIND_MS = 60_000

function operate(context: AnyOperation): Promise<OperationEnd> {
  switch (context.node.operation.type) {
    case 'delay':
      return delay(context as OperationContext<'delay'>)
    case 'files':
      return writeContent(context as OperationContext<'files'>)
    case 'git':
      return cloneContent(context as OperationContext<'git'>)
    case 'tarballs':
      return unpackTarballs(context as OperationContext<'tarballs'>)
    case 'services-start':
      return startServices(context as OperationContext<'services-start'>)
    case 'run':
    case 'shell':
      return runCommand(context as OperationContext<'run' | 'shell'>)
    case 'execute':
      return executeWorkflows(context as OperationContext<'execute'>)
    case 'parallel':
      return runWorkers(context as OperationContext<'parallel'>)
    case 'wait':
      return Promise.resolve({ exitCode: 0 })
    case 'services-stop':
      return stopServices(context as OperationContext<'services-stop'>)
    case 'artifacts':
      return runArtifacts(context as OperationContext<'artifacts'>)
  }
}
