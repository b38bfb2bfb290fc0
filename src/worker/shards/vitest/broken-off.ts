import type { SerializedError, TestModule } from 'vitest/node'

interface Task {
  mode: string
  result?: { state: string; errors?: SerializedError[] }
}

const isUnfinished = (module: TestModule) => module.state() === 'pending' || module.state() === 'queued'

/**
 * Fails the modules whose process ended before they did. Vitest leaves them as they were: with green tests, some without
 * a result, and an error that belongs to no file, so that its reporters show them green.
 * @param errors of the run
 * @returns those of them that say why a module broke off
 */
export function failBrokenOff(modules: readonly TestModule[], errors: readonly SerializedError[]): SerializedError[] {
  return modules.filter(isUnfinished).flatMap((module) => {
    const found = errors.find((error) => textOf(error).includes(module.moduleId)) ?? errors.find(isOfNoFile)
    const error = shownError(found)
    const [first, ...others] = [...module.children.allTests()].filter((test) => test.result().state === 'pending')
    taskOf(module).result = { state: 'fail', ...(first ? {} : { errors: [error] }) }
    if (first) taskOf(first).result = { state: 'fail', errors: [error] }
    for (const test of others) Object.assign(taskOf(test), { mode: 'skip', result: { state: 'skip' } })
    return found ? [found] : []
  })
}

/** In what a reporter holds, and no copy. */
const taskOf = (entity: object) => (entity as { task: Task }).task

const isOfNoFile = (error: SerializedError) => error['VITEST_TEST_PATH'] === undefined

const textOf = (error: SerializedError): string =>
  `${error.message} ${(error.cause as SerializedError | undefined)?.message ?? ''}`

function shownError(error: SerializedError | undefined): SerializedError {
  const why = (error?.cause as SerializedError | undefined)?.message ?? error?.message
  const message = `The file’s process ended before its tests did.${why ? ` ${why}` : ''}`
  return { name: 'Error', message, stack: `Error: ${message}` }
}
