import { delimiter } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import { namesHint } from '../../system/known-names.ts'
import { onPath } from '../../system/programs.ts'
import type { Env } from '../../system/settings.ts'

export type Engine = 'chromium' | 'firefox' | 'webkit'

/** A program: the variable that names it, else the first of these that is there; a name without a slash is looked for on PATH. */
interface Program {
  variable: string
  linux: readonly string[]
  darwin: readonly string[]
  /** What to do where it is not installed. */
  install: { linux: string; darwin: string }
}

export interface Browser {
  name: string
  /** As people write it. */
  title: string
  aliases: readonly string[]
  engine: Engine
  program: Program
  /** What speaks WebDriver for it. */
  webdriver: Program & { title: string }
}

const CHROME_APP = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
const EDGE_APP = '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge'
const SAFARI_APP = '/Applications/Safari.app/Contents/MacOS/Safari'
const MINIBROWSERS = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].flatMap((arch) =>
  ['4.1', '4.0', '6.0'].map((version) => `/usr/lib/${arch}/webkit${version === '6.0' ? '' : '2'}gtk-${version}/MiniBrowser`),
)
const onlyMac = (what: string) => ({
  linux: `${what} exists on macOS only; \`webkit\` is its engine on Linux.`,
  darwin: `${what} comes with macOS.`,
})

const CHROMEDRIVER = {
  title: 'ChromeDriver',
  variable: 'EVERWARM_CHROMEDRIVER',
  linux: ['chromedriver', '/usr/lib/chromium/chromedriver', '/usr/lib/chromium-browser/chromedriver'],
  darwin: ['chromedriver', '/opt/homebrew/bin/chromedriver', '/usr/local/bin/chromedriver'],
  install: {
    linux: 'Install it: `apt-get install chromium-driver`.',
    darwin: 'Install it: `brew install chromedriver`.',
  },
}

/** All browsers that everwarm knows, one table for finding, leasing and listing. */
export const BROWSERS: readonly Browser[] = [
  {
    name: 'chromium',
    title: 'Chromium',
    aliases: ['chromium-browser'],
    engine: 'chromium',
    program: {
      variable: 'EVERWARM_CHROMIUM',
      // The program itself before Debian's script around it, which costs a shell at every start.
      linux: [
        '/usr/lib/chromium/chromium',
        '/usr/lib/chromium-browser/chromium-browser',
        'chromium',
        'chromium-browser',
        '/snap/bin/chromium',
      ],
      darwin: ['/Applications/Chromium.app/Contents/MacOS/Chromium', 'chromium'],
      install: {
        linux: 'Install it: `apt-get install chromium`.',
        darwin: 'Install it: `brew install --cask chromium`.',
      },
    },
    webdriver: CHROMEDRIVER,
  },
  {
    name: 'chrome',
    title: 'Google Chrome',
    aliases: ['google-chrome'],
    engine: 'chromium',
    program: {
      variable: 'EVERWARM_CHROME',
      linux: ['/opt/google/chrome/chrome', 'google-chrome', 'google-chrome-stable'],
      darwin: [CHROME_APP],
      install: {
        linux: 'Install it: `npx playwright install chrome`; or lease `chromium`.',
        darwin: 'Install it: `brew install --cask google-chrome`.',
      },
    },
    webdriver: CHROMEDRIVER,
  },
  {
    name: 'edge',
    title: 'Microsoft Edge',
    aliases: ['msedge', 'microsoft-edge', 'microsoftedge'],
    engine: 'chromium',
    program: {
      variable: 'EVERWARM_EDGE',
      linux: ['/opt/microsoft/msedge/msedge', 'microsoft-edge', 'microsoft-edge-stable', 'msedge'],
      darwin: [EDGE_APP],
      install: {
        linux: 'Install it: `npx playwright install msedge`.',
        darwin: 'Install it: `brew install --cask microsoft-edge`.',
      },
    },
    webdriver: {
      title: 'EdgeDriver',
      variable: 'EVERWARM_EDGEDRIVER',
      linux: ['msedgedriver', '/opt/microsoft/msedgedriver/msedgedriver'],
      darwin: ['msedgedriver'],
      install: {
        linux: 'Unpack the one of your Edge’s version from Microsoft’s page of WebDriver, into a folder on PATH.',
        darwin: 'Unpack the one of your Edge’s version from Microsoft’s page of WebDriver, into a folder on PATH.',
      },
    },
  },
  {
    name: 'firefox',
    title: 'Firefox',
    aliases: ['firefox-esr', 'mozilla-firefox'],
    engine: 'firefox',
    program: {
      variable: 'EVERWARM_FIREFOX',
      linux: ['firefox-esr', 'firefox', '/usr/lib/firefox/firefox', '/snap/bin/firefox'],
      darwin: ['/Applications/Firefox.app/Contents/MacOS/firefox', 'firefox'],
      install: {
        linux: 'Install it: `apt-get install firefox-esr`.',
        darwin: 'Install it: `brew install --cask firefox`.',
      },
    },
    webdriver: {
      title: 'geckodriver',
      variable: 'EVERWARM_GECKODRIVER',
      linux: ['geckodriver'],
      darwin: ['geckodriver', '/opt/homebrew/bin/geckodriver'],
      install: {
        linux: 'None is needed: everwarm speaks to Firefox itself.',
        darwin: 'None is needed: everwarm speaks to Firefox itself.',
      },
    },
  },
  {
    name: 'webkit',
    title: 'WebKit (MiniBrowser)',
    aliases: ['webkitgtk', 'minibrowser'],
    engine: 'webkit',
    program: {
      variable: 'EVERWARM_WEBKIT',
      linux: MINIBROWSERS,
      darwin: [],
      install: {
        linux: 'Install it: `apt-get install webkit2gtk-driver xvfb`.',
        darwin: 'On macOS lease `safari`.',
      },
    },
    webdriver: {
      title: 'WebKitWebDriver',
      variable: 'EVERWARM_WEBKITDRIVER',
      linux: ['WebKitWebDriver'],
      darwin: [],
      install: {
        linux: 'Install it: `apt-get install webkit2gtk-driver xvfb`.',
        darwin: 'On macOS lease `safari`.',
      },
    },
  },
  {
    name: 'safari',
    title: 'Safari',
    aliases: [],
    engine: 'webkit',
    program: { variable: 'EVERWARM_SAFARI', linux: [], darwin: [SAFARI_APP], install: onlyMac('Safari') },
    webdriver: {
      title: 'safaridriver',
      variable: 'EVERWARM_SAFARIDRIVER',
      linux: [],
      darwin: ['/usr/bin/safaridriver'],
      install: { ...onlyMac('Safari'), darwin: 'Allow it once: `sudo safaridriver --enable`.' },
    },
  },
]

/** @throws EverwarmError BAD_INPUT for a name that there is not, with those that were meant */
export function browserNamed(given: string): Browser {
  const wanted = given.toLowerCase()
  const found = BROWSERS.find(({ name, aliases }) => name === wanted || aliases.includes(wanted))
  if (found) return found
  throw new EverwarmError('BAD_INPUT', {
    message: `There is no browser "${given}".`,
    hint: namesHint(
      given,
      BROWSERS.map(({ name }) => name),
    ),
  })
}

/** The absolute path of a browser's program. @throws EverwarmError BROWSER_NOT_FOUND */
export function browserProgram({ title, program }: Browser, env: Env = process.env): string {
  return findProgram(program, env) ?? missing('BROWSER_NOT_FOUND', title, program, env)
}

/** The absolute path of what speaks WebDriver for it; null where none is there and none is needed. @throws EverwarmError DRIVER_NOT_FOUND */
export function webdriverProgram({ engine, webdriver }: Browser, env: Env = process.env): string | null {
  const found = findProgram(webdriver, withoutPackages(env))
  if (found) return found
  return engine === 'firefox' && !env[webdriver.variable] ? null : missing('DRIVER_NOT_FOUND', webdriver.title, webdriver, env)
}

function findProgram(program: Program, env: Env): string | undefined {
  const given = env[program.variable]
  if (given) return onPath(given, env)
  const places = process.platform === 'darwin' ? program.darwin : program.linux
  return places.map((place) => onPath(place, env)).find((path) => path !== undefined)
}

/** Packages of npm under the names of drivers are programs that download one when they are run. */
function withoutPackages(env: Env): Env {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => !/[/\\]node_modules[/\\]\.bin[/\\]?$/.test(folder))
  return { ...env, PATH: folders.join(delimiter) }
}

function missing(code: 'BROWSER_NOT_FOUND' | 'DRIVER_NOT_FOUND', title: string, program: Program, env: Env): never {
  const given = env[program.variable]
  const step = process.platform === 'darwin' ? program.install.darwin : program.install.linux
  throw new EverwarmError(code, {
    message: given ? `${program.variable} names ${given}, which is no program.` : `${title} is not installed on this machine.`,
    hint: `${step} A program elsewhere is named by ${program.variable}.`,
  })
}
