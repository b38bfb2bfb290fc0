/** A host's own options, by who needs them. */
export interface HostArgs {
  /** For those who run and list tests. */
  run: string[]
  /** For who prints the reports. */
  report: string[]
}

const REPORT = /^--(?:reporter|outputFile(?:\..+)?)$/
const BOTH = /^(?:--config|-c)$/

/** `--reporter=junit --outputFile out.xml -t cart` → run: `-t cart`; report: the others. Pure. */
export function splitHostArgs(args: readonly string[]): HostArgs {
  const split: HostArgs = { run: [], report: [] }
  for (let i = 0; i < args.length; i++) {
    const [name = ''] = args[i]!.split('=', 1)
    const isReport = REPORT.test(name)
    if (!isReport && !BOTH.test(name)) {
      split.run.push(args[i]!)
      continue
    }
    const own = args[i]!.includes('=') || i + 1 === args.length ? [args[i]!] : [args[i]!, args[++i]!]
    split.report.push(...own)
    if (!isReport) split.run.push(...own)
  }
  return split
}
