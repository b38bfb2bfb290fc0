import type { Env } from '../../system/settings.ts'
import type { Sandbox } from './sandbox.ts'
import { EXECUTION_MARK } from './process-tree.ts'

/** What commands need of the caller's environment; proxies are read in either case. Its everwarm is theirs, too. */
const PASSED_ON =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|XDG_.*|EVERWARM_HOME|EVERWARM_CACHE|(?:HTTP|HTTPS|FTP|NO|ALL)_PROXY|(?:http|https|ftp|no|all)_proxy)$/

/** @param names of more variables that commands may see */
export function passedOn(caller: Env, names: readonly string[]): Record<string, string> {
  const more = new Set(names)
  const passed: Record<string, string> = {}
  for (const [name, value] of Object.entries(caller))
    if (value !== undefined && (PASSED_ON.test(name) || more.has(name))) passed[name] = value
  return passed
}

export const environmentOf = (
  base: Readonly<Record<string, string>>,
  { data, tmp }: Sandbox,
  executionId: string,
): Record<string, string> => ({ ...base, WORKFLOW_DATA: data, TMPDIR: tmp, [EXECUTION_MARK]: executionId })
