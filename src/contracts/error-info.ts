import { z } from 'zod'

/** An error as other programs get it: test `code`, show `message`, follow `hint`. */
export const ErrorInfo = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  /** Of BAD_INPUT: what is wrong where. */
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})
export type ErrorInfo = z.infer<typeof ErrorInfo>
