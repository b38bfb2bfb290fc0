import type { ToolkitCommand, ToolkitOption } from './command.ts'

const BASE64: ToolkitOption = {
  type: 'boolean',
  about: 'the argument is base64 of JSON: what stands in it has passed all stages before untouched',
}

/** All commands. A new one: its lines here, and its file. */
export const TOOLKIT_COMMANDS: Readonly<Record<string, ToolkitCommand>> = {
  parallel: {
    summary: 'workers on the files of this folder; fails if one of them does',
    args: { usage: '<spec>', about: 'what stands under `parallel` of a step, as JSON or YAML', least: 1, most: 1 },
    options: { base64: BASE64 },
    load: async () => (await import('./commands/parallel.ts')).parallel,
  },
  services: {
    summary: 'start services that outlive the command, and wait until they are ready',
    args: {
      usage: '[spec]',
      about: 'services by name, as JSON or YAML; or `name=<json>` for each; none: says where those of the group are',
      least: 0,
      most: 100,
    },
    options: {
      group: { type: 'string', short: 'g', value: '<name>', about: 'under which they are killed; must be given' },
      base64: BASE64,
    },
    load: async () => (await import('./commands/services.ts')).services,
  },
  kill: {
    summary: 'end the services of a group; fails if one of them was not healthy',
    args: { usage: '<groupRef>', about: 'the group', least: 1, most: 1 },
    options: {
      logs: {
        type: 'string',
        short: 'l',
        multiple: true,
        value: '<name=expr>',
        about: 'keeps the output of a service if the expression is true; without `=` always',
      },
    },
    load: async () => (await import('./commands/kill.ts')).kill,
  },
  execute: {
    summary: 'run other workflows, by name or by labels; fails if one of them does',
    args: { usage: '[spec]', about: 'what stands under `execute` of a step, as JSON or YAML', least: 0, most: 1 },
    options: {
      workflow: {
        type: 'string',
        short: 'w',
        multiple: true,
        value: '<json>',
        about: 'one item of `workflows`',
      },
      parallelism: { type: 'string', short: 'p', value: '<n>', otherwise: '0: 100', about: 'how many at a time' },
      async: { type: 'boolean', about: 'they count for nothing: whether they pass is not looked at' },
      base64: BASE64,
    },
    load: async () => (await import('./commands/execute.ts')).execute,
  },
  artifacts: {
    summary: 'keep files',
    args: { usage: '<globs…>', about: 'patterns; `!pattern` excludes', least: 1, most: 1_000 },
    options: {
      mount: {
        type: 'string',
        short: 'm',
        multiple: true,
        value: '<folder>',
        otherwise: 'this folder and /data',
        about: 'only files in these folders are taken',
      },
      compress: { type: 'string', value: '<name>', about: 'as one archive of this name' },
      'compress-cache': { type: 'string', value: '<path>', about: 'the file in which the archive is made' },
      unpack: { type: 'boolean', about: 'asks a store that can do it to unpack the archive' },
      id: { type: 'string', value: '<id>', about: 'accepted, and not used' },
    },
    load: async () => (await import('./commands/artifacts.ts')).artifacts,
  },
  clone: {
    summary: 'a repository of git, without its history',
    args: { usage: '<uri> <path>', about: 'the address (also git@host:path), and the folder', least: 2, most: 2 },
    options: {
      paths: { type: 'string', short: 'p', multiple: true, value: '<path>', about: 'only these' },
      username: { type: 'string', short: 'u', value: '<name>', otherwise: '$EVERWARM_GIT_USERNAME', about: 'user' },
      token: { type: 'string', short: 't', value: '<token>', otherwise: '$EVERWARM_GIT_TOKEN', about: 'token or password' },
      sshKey: { type: 'string', short: 's', value: '<key>', otherwise: '$EVERWARM_GIT_SSH_KEY', about: 'private key' },
      authType: {
        type: 'string',
        short: 'a',
        value: '<type>',
        otherwise: 'basic',
        about: 'how the token is sent: basic, header, github',
      },
      revision: { type: 'string', short: 'r', value: '<name>', about: 'branch, tag or commit' },
      cone: { type: 'boolean', about: 'the paths are folders' },
      verbosity: { type: 'string', value: '<how>', otherwise: 'verbose', about: 'verbose, normal, quiet' },
      'retry-count': { type: 'string', value: '<n>', otherwise: '5', about: 'further attempts, 20 at most' },
      'retry-delay': {
        type: 'string',
        value: '<duration>',
        otherwise: '100ms',
        about: 'before the first of them, 30s at most; later ones wait longer',
      },
    },
    load: async () => (await import('./commands/clone.ts')).clone,
  },
  tarball: {
    summary: 'fetch archives, and unpack each into a folder',
    args: { usage: '<path=url…>', about: 'folder and address', least: 0, most: 1_000 },
    options: {},
    load: async () => (await import('./commands/tarball.ts')).tarball,
  },
  transfer: {
    summary: 'pack files, and send them',
    args: { usage: '<dir:glob,glob=url…>', about: 'folder, patterns (`**/*`) and address', least: 0, most: 1_000 },
    options: {},
    load: async () => (await import('./commands/transfer.ts')).transfer,
  },
  'serve-transfer': {
    summary: 'a server for `tarball` and `transfer`, until a signal or the end of the shell around',
    args: { usage: '', about: 'prints an argument for `tarball` or `transfer` per line, as <dir>=<url>', least: 0, most: 0 },
    options: {
      offer: {
        type: 'string',
        multiple: true,
        value: '<dir:glob,glob>',
        about: 'a folder that may be fetched, as it is now',
      },
      accept: {
        type: 'string',
        multiple: true,
        value: '<dir>',
        about:
          'a folder to which files may be sent; 0 at the end of its address is the first sender, another one takes another number',
      },
      'token-file': { type: 'string', value: '<file>', otherwise: '$EVERWARM_TRANSFER_TOKEN', about: 'holds the token' },
      host: { type: 'string', value: '<address>', otherwise: '127.0.0.1', about: 'where it listens' },
      port: { type: 'string', value: '<n>', otherwise: '0: any', about: 'on which it listens' },
      advertised: { type: 'string', value: '<host>', otherwise: 'that of --host', about: 'under which others reach it' },
    },
    load: async () => (await import('./commands/serve-transfer.ts')).serveTransfer,
  },
  'keep-services': {
    summary: 'the process that holds services; begun by `services`',
    args: { usage: '', about: '', least: 0, most: 0 },
    options: {},
    isHidden: true,
    load: async () => (await import('./keeper/keep-services.ts')).keepServices,
  },
}
