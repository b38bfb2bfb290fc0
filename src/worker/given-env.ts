import { EverwarmError } from '../contracts/errors.ts'

/**
 * Variables by which whoever sets them has code of his own run in programs that others have allowed: by Node, the dynamic
 * linker, shells, interpreters, Git, Playwright and everwarm itself. Names are compared without regard to case, as Windows does.
 * @see https://nodejs.org/api/cli.html#environment-variables
 * @see https://man7.org/linux/man-pages/man8/ld.so.8.html
 */
const LOADING = [
  /^(?:PATH|PATHEXT|COMSPEC|SHELL|HOME|USERPROFILE)$/,
  /^NODE_(?!(?:ENV|NO_WARNINGS|DISABLE_COLORS|DEBUG|TLS_REJECT_UNAUTHORIZED)$)/,
  /^(?:LD|DYLD|GCONV|MALLOC|GLIBC|NPM_CONFIG|GIT|BASH|PW_TEST|PWTEST)_/,
  /^(?:ENV|ZDOTDIR|SHELLOPTS|PS4|PROMPT_COMMAND|EDITOR|VISUAL|PAGER|OPENSSL_(?:CONF|MODULES|ENGINES))$/,
  /^(?:PYTHON(?:PATH|HOME|STARTUP|INSPECT)|PERL5(?:OPT|LIB|DB)|PERLLIB|RUBY(?:OPT|LIB)|CLASSPATH|_?JAVA_(?:TOOL_)?OPTIONS|JDK_JAVA_OPTIONS)$/,
  /^(?:PLAYWRIGHT_(?:BROWSERS_PATH|NODEJS_PATH|.*EXECUTABLE.*)|(?:ESBUILD|NAPI_RS|ROLLDOWN)_.*(?:PATH|BINARY).*|CHROME_(?:BIN|PATH))$/,
  /^EVERWARM_/,
]

/**
 * Looks at variables that a coordinator or a session wants to set for what runs here.
 * @throws EverwarmError COMMAND_REFUSED
 */
export function refuseLoadingVariables(given: Readonly<Record<string, string>>): void {
  const name = Object.keys(given).find((each) => LOADING.some((pattern) => pattern.test(each.toUpperCase())))
  if (name === undefined) return
  throw new EverwarmError('COMMAND_REFUSED', {
    message: `The variable ${name.slice(0, 200)} decides which code is run, and is not taken from others.`,
    hint: 'Set it on the worker itself, where it is started.',
  })
}
