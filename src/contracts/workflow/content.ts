import { z } from 'zod'
import { ValueFrom } from './container.ts'
import { duration, flag, template, templates, wholeNumber } from './fields.ts'

export const Git = z
  .strictObject({
    uri: template('Address of the repository.'),
    revision: template('Branch, tag or commit.').optional(),
    username: template('User name.').optional(),
    usernameFrom: ValueFrom.optional(),
    token: template('Token or password.').optional(),
    tokenFrom: ValueFrom.optional(),
    sshKey: template('Private key.').optional(),
    sshKeyFrom: ValueFrom.optional(),
    authType: z.enum(['basic', 'header', 'github']).describe('How the token is sent; `basic` by default.').optional(),
    mountPath: template('Where it lands; `/data/repo` by default.').optional(),
    cone: flag('Sparse checkout by folders only.').optional(),
    paths: templates('Only these paths.').optional(),
    verbosity: z.enum(['verbose', 'normal', 'quiet']).describe('How much is said; `verbose` by default.').optional(),
    retry: z
      .strictObject({
        count: wholeNumber('Further attempts.').optional(),
        delay: duration('Wait before the first of them; later ones wait longer.').optional(),
      })
      .describe('What happens after a failure of the network.')
      .optional(),
  })
  .meta({ id: 'Git' })
export type Git = z.infer<typeof Git>

export const ContentFile = z.strictObject({
  path: template('Where it lands.'),
  content: template('What is in it.').optional(),
  contentFrom: ValueFrom.optional(),
  mode: z
    .int()
    .min(0)
    .max(0o7777, { error: 'must be at most 0o7777; octal numbers begin with 0o, such as 0o644' })
    .describe('Its mode: `0o644`, `0644`, `644` and `"0644"` are the same; 420, too, as Kubernetes prints it.')
    .optional(),
})
export type ContentFile = z.infer<typeof ContentFile>

export const Tarball = z.strictObject({
  url: template('Where it is fetched.'),
  path: template('Folder into which it is unpacked.'),
  mount: flag('Makes a volume of the folder.').optional(),
})
export type Tarball = z.infer<typeof Tarball>

export const Content = z
  .strictObject({
    git: Git.describe('A repository.').optional(),
    files: z.array(ContentFile).max(1_000).describe('Files that are written.').optional(),
    tarball: z.array(Tarball).max(1_000).describe('Archives that are fetched and unpacked.').optional(),
  })
  .meta({ id: 'Content' })
export type Content = z.infer<typeof Content>

export const Transfer = z
  .strictObject({
    from: template('Folder here.'),
    files: templates('Patterns within it; `**/*` by default.').optional(),
    to: template('Folder there; the same by default.').optional(),
    mount: flag('Makes a volume of the folder there.').optional(),
  })
  .meta({ id: 'Transfer' })
export type Transfer = z.infer<typeof Transfer>

export const Fetch = z
  .strictObject({
    from: template('Folder there.'),
    files: templates('Patterns within it; `**/*` by default.').optional(),
    to: template('Folder here; the same by default.').optional(),
  })
  .meta({ id: 'Fetch' })
export type Fetch = z.infer<typeof Fetch>

export const Artifacts = z
  .strictObject({
    paths: z.array(template('A pattern.')).min(1).max(1_000).describe('Patterns; `!pattern` excludes.'),
    workingDir: template('Folder in which they begin.').optional(),
    compress: z
      .strictObject({ name: template('Name of the archive.') })
      .describe('Keeps them as one archive.')
      .optional(),
  })
  .meta({ id: 'Artifacts' })
export type Artifacts = z.infer<typeof Artifacts>
