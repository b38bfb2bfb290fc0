import type { ToolkitGiven } from '../command.ts'
export async function artifacts(_given: ToolkitGiven): Promise<number> {
  return 0
}
