/** Shortest decimal that reads back as the same number; without an exponent below 1e21, in both directions. Finite numbers only. */
export function numberText(value: number): string {
  const text = String(value === 0 ? 0 : value)
  const parts = /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/.exec(text)
  if (!parts) return text
  const [, sign, first, rest = '', zeros] = parts
  return `${sign}0.${'0'.repeat(Number(zeros) - 1)}${first}${rest}`
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/

/** The number that a text is, white space around it aside; undefined for other texts and for numbers beyond 1e308. */
export function numberIn(text: string): number | undefined {
  const trimmed = text.trim()
  // Before the pattern, whose work grows with the text: no number needs more.
  if (trimmed.length > 2000 || !DECIMAL.test(trimmed)) return undefined
  const value = Number(trimmed)
  return Number.isFinite(value) ? value : undefined
}

/** Halves away from zero: -2.5 → -3. Math.round goes up, and adding a half first rounds 0.49999999999999994 to 1. */
export function rounded(value: number): number {
  const whole = Math.trunc(value)
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole
}
