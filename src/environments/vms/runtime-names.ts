/** Apart from where they are found: every run of Vitest loads the names. */
export const RUNTIMES = ['node', 'bun', 'deno', 'workerd'] as const
export type Runtime = (typeof RUNTIMES)[number]

export const isRuntime = (value: unknown): value is Runtime => (RUNTIMES as readonly unknown[]).includes(value)
