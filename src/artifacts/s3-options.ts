import { EverwarmError } from '../contracts/errors.ts'
import type { Env } from '../system/settings.ts'

export interface S3Options {
  bucket: string
  /** Before each key, such as `everwarm/`. */
  prefix: string
  /** Of another S3 than Amazon's, such as `https://s3.example.com`. */
  endpoint?: string
  region: string
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. */
  isPathStyle: boolean
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/**
 * `s3://bucket/prefix`, with what the tools of Amazon read from the environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
 * `AWS_SESSION_TOKEN`, `AWS_REGION` or `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`.
 * @throws EverwarmError CONFIG_INVALID
 */
export function readS3Options(location: string, env: Env, given: Partial<S3Options> = {}): S3Options {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(location) ?? []
  if (!bucket) throw invalid(`"${location.slice(0, 200)}" names no bucket.`, BUCKET_HINT)
  if (!/^[\w./-]*$/.test(path))
    throw invalid(
      `The prefix in "${location.slice(0, 200)}" may have letters, digits, and _ . / - only.`,
      'Write s3://bucket/prefix.',
    )
  const endpoint = given.endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL
  if (endpoint && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    throw invalid(`The S3 endpoint "${endpoint}" is no address.`, 'Write it as https://host or https://host:port.')
  return {
    bucket,
    prefix: path.replace(/\/*$/, path ? '/' : ''),
    region: env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1',
    isPathStyle: endpoint !== undefined,
    accessKeyId: needed(given.accessKeyId, env, 'AWS_ACCESS_KEY_ID'),
    secretAccessKey: needed(given.secretAccessKey, env, 'AWS_SECRET_ACCESS_KEY'),
    ...(env.AWS_SESSION_TOKEN ? { sessionToken: env.AWS_SESSION_TOKEN } : {}),
    ...(endpoint ? { endpoint } : {}),
    ...given,
  }
}

const BUCKET_HINT =
  'Write s3://bucket or s3://bucket/prefix; a bucket has 3 to 63 characters: small letters, digits, dots and hyphens.'

/** Address of a key; of the bucket itself for ''. Keys are hex and slashes: nothing of them is encoded. */
export function s3Address(options: S3Options, key: string): URL {
  const base = new URL(options.endpoint ?? `https://s3.${options.region}.amazonaws.com`)
  const before = base.pathname.replace(/\/$/, '')
  if (options.isPathStyle) base.pathname = `${before}/${options.bucket}/${key}`
  else {
    base.hostname = `${options.bucket}.${base.hostname}`
    base.pathname = `${before}/${key}`
  }
  return base
}

function needed(given: string | undefined, env: Env, name: string): string {
  const value = given ?? env[name]
  if (value) return value
  throw invalid(
    `${name} is not set, and artifacts are to be kept in S3.`,
    `Set ${name} where the coordinator runs; workers need none.`,
  )
}

const invalid = (message: string, hint: string) => new EverwarmError('CONFIG_INVALID', { message, hint })
