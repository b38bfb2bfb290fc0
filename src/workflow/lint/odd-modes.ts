import type { Path } from '../fault.ts'
import { isFileMode, isOddMode, modeText } from '../file-mode.ts'

interface OddMode {
  path: Path
  message: string
  hint: string
}

/** Modes that nobody means, most of them decimal by mistake. Pure. */
export function oddModes(value: unknown, path: Path = []): OddMode[] {
  if (typeof value === 'number' && isFileMode(path) && value >= 0 && value <= 0o7777 && isOddMode(value))
    return [
      {
        path,
        message: `This mode is ${modeText(value)} (0o${value.toString(8)}): its owner may do less than others, or may not read it.`,
        hint: 'Octal begins with 0o, such as 0o644 for rw-r--r-- or 0o755 for rwxr-xr-x.',
      },
    ]
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((item, i) => oddModes(item, [...path, i]))
  return Object.entries(value).flatMap(([key, inner]) => oddModes(inner, [...path, key]))
}
