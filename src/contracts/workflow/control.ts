import { z } from 'zod'

/** What a running execution is asked over its socket; nothing is answered before `hello` was accepted. */
export interface ControlFunctions {
  /** @throws EverwarmError TOKEN_REFUSED, PROTOCOL_MISMATCH */
  hello(said: ControlHello): { id: string; pid: number }
  /** Status of the execution now: `queued`, `running`, `paused`, … */
  status(): string
  /** Returns when its processes stand still. @param unit as in events; absent: all. @throws EverwarmError BAD_INPUT: nothing there runs */
  pause(unit?: string): Promise<{ paused: number }> | { paused: number }
  /** @throws EverwarmError BAD_INPUT: nothing there that is paused */
  resume(unit?: string): { resumed: number }
  /** Returns when it is on its way, not when it is over. */
  cancel(reason: string): void
}

export const ControlHello = z.object({ protocol: z.number().int(), token: z.string().max(200) })
export type ControlHello = z.infer<typeof ControlHello>

/** Raised when a function above changes. */
export const CONTROL_PROTOCOL = 2
