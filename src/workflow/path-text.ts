import type { Path } from './fault.ts'

const PART = /([^.[\]]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g

/** The parts of a path as errors name it: `pod["a.b"][0]`. */
export const pathOf = (text: string): Path =>
  [...text.matchAll(PART)].map(([, name, index, quoted]) =>
    name !== undefined ? name : index !== undefined ? Number(index) : (JSON.parse(quoted!) as string),
  )
