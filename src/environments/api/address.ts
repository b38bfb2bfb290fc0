import { EverwarmError } from '../../contracts/errors.ts'

export type QueryValue = string | number | boolean | null | undefined
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[]>>

/**
 * The address of a request: `/users` below `http://host/api` is `http://host/api/users`; a whole address stays.
 * @throws EverwarmError BAD_INPUT
 */
export function addressOf(path: string, baseURL: string | undefined, query: Query = {}): URL {
  const isWhole = /^https?:\/\//i.test(path)
  const base = baseURL === undefined ? undefined : baseURL.replace(/\/*$/, '/')
  const text = isWhole ? path : path.replace(/^\/+/, '')
  if (!URL.canParse(text, isWhole ? undefined : base))
    throw new EverwarmError('BAD_INPUT', {
      message: `"${path}" is no address${baseURL === undefined ? '' : ` below ${baseURL}`}.`,
      hint: 'Give a whole one, or a `baseURL` that begins with http:// or https://.',
    })
  const url = new URL(text, isWhole ? undefined : base)
  for (const [name, value] of Object.entries(query))
    for (const one of [value].flat()) if (one !== null && one !== undefined) url.searchParams.append(name, String(one))
  return url
}
