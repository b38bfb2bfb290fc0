import type { WorkflowEvent } from '../../contracts/workflow/events.ts'
import type { StepRun } from '../run-step.ts'
import { exitCodeOf } from '../run-to-end.ts'
import { AddressBook } from './addresses.ts'
import type { KillResult } from './keeper-wire.ts'

/** What is true of the services now. */
export class HeldServices {
  readonly addresses = new AddressBook()
  readonly #ready = Promise.withResolvers<void>()
  readonly #killed = Promise.withResolvers<KillResult>()
  readonly #logs: Record<string, string>
  readonly #warnings: string[] = []
  #run: StepRun | undefined
  #isKilled = false
  #isOver = false
  lastAskedMs = Date.now()

  constructor(logs: Record<string, string>) {
    this.#logs = logs
  }

  begin(run: StepRun): void {
    this.#run = run
    void run.ended.then(() => (this.#isOver = true))
  }

  get ready(): Promise<void> {
    return this.#ready.promise
  }

  /** A moment for the answer to `kill` to be written. */
  get answered(): Promise<void> {
    return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  }

  hear(event: WorkflowEvent): void {
    this.addresses.hear(event)
    // It waits where the services are ready.
    if (event.type === 'step' && event.unit === '' && event.status === 'paused') this.#ready.resolve()
    if (event.type === 'warning' && this.#isKilled) this.#warnings.push(event.message)
  }

  desk() {
    return {
      addresses: () => {
        this.lastAskedMs = Date.now()
        return this.addresses.all
      },
      kill: (logs: Readonly<Record<string, string>>) => {
        if (!this.#isKilled) this.#kill(logs)
        return this.#killed.promise
      },
    }
  }

  /** What is over already cannot be ended. */
  cancel(why: string): void {
    if (!this.#isOver) this.#run!.cancel(why)
  }

  #kill(logs: Readonly<Record<string, string>>): void {
    this.#isKilled = true
    for (const [name, expression] of Object.entries(logs)) {
      if (Object.hasOwn(this.addresses.all, name)) this.#logs[name] = expression
      else
        this.#warnings.push(
          `There is no service "${name}" in the group; there are ${Object.keys(this.addresses.all).join(', ')}.`,
        )
    }
    this.#run!.resume()
  }

  end(result: Awaited<StepRun['ended']>): void {
    const folder = this.#run!.about.folder
    this.#killed.resolve({
      exitCode: exitCodeOf(result),
      ...(result.error ? { error: result.error } : {}),
      warnings: this.#warnings,
      logs: [folder],
    })
  }
}
