import type { Path } from './fault.ts'

/** As decimal numbers they would be modes that nobody gives a file: 0o620, 0o670, 0o674, 0o764. */
const OCTAL_THOUGH_SMALL: readonly string[] = ['400', '440', '444', '500']

/** Whether a field is the mode of a file: `content.files[].mode`. */
export const isFileMode = (path: Path) =>
  path.at(-1) === 'mode' && path.at(-3) === 'files' && path.at(-4) === 'content' && typeof path.at(-2) === 'number'

/**
 * A mode as people write it: octal with `0o` or `0` before it; without either octal, too, if no digit is above 7 and it is
 * above 511, the greatest one in decimal: 755, 644, 1777. Others are decimal as Kubernetes prints them: 493, 420, 511.
 * @param written digits, in quotes or not
 * @returns undefined: it is no number
 */
export function fileModeOf(written: string): number | undefined {
  const [, mark, digits] = /^(0o|0)?(\d{1,6})$/i.exec(written.trim()) ?? []
  if (digits === undefined) return undefined
  const isOctal = /^[0-7]+$/.test(digits)
  if (mark !== undefined && !isOctal) return undefined
  if (mark !== undefined || (isOctal && (Number(digits) > 0o777 || OCTAL_THOUGH_SMALL.includes(digits))))
    return Number.parseInt(digits, 8)
  return Number(digits)
}

/** `rwxr-xr-x`; bits before these as `ls` shows them. */
export function modeText(mode: number): string {
  const letters = [...'rwxrwxrwx'].map((letter, i) => (mode & (0o400 >> i) ? letter : '-'))
  const special = (
    [
      [0o4000, 2, 's'],
      [0o2000, 5, 's'],
      [0o1000, 8, 't'],
    ] as const
  ).filter(([bit]) => mode & bit)
  for (const [, at, letter] of special) letters[at] = letters[at] === 'x' ? letter : letter.toUpperCase()
  return letters.join('')
}

/** Its owner may do less than others, or not even read it. */
export const isOddMode = (mode: number) => {
  const [owner, group, others] = [(mode >> 6) & 7, (mode >> 3) & 7, mode & 7]
  return (owner & 4) === 0 || ((group | others) & ~owner) !== 0
}
