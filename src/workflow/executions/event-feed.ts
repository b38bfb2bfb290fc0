import type { WorkflowEvent, WorkflowHappening } from '../../contracts/workflow/events.ts'

/** @param line the same as JSON, made once for all who listen */
export type EventListener = (event: WorkflowEvent, line: string) => void

/** Hands each happening, with its time, to all who listen. */
export interface EventFeed {
  /** Never throws. */
  tell(happening: WorkflowHappening): void
  listen(listener: EventListener): void
}

/** @param wallMs ms since 1970 */
export function eventFeed(wallMs: () => number = Date.now): EventFeed {
  const listeners: EventListener[] = []
  return {
    listen: (listener) => void listeners.push(listener),
    tell(happening) {
      const event = { at: new Date(wallMs()).toISOString(), ...happening } as WorkflowEvent
      const line = JSON.stringify(event)
      for (const listener of listeners) {
        try {
          listener(event, line)
        } catch {
          // Who cannot show an event must not end the workflow that it is about.
        }
      }
    },
  }
}
