/** Whether it was thrown because a signal has ended a wait: no fault of anybody, and nothing to tell as one. */
export const isGivenUp = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'
