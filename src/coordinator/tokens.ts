import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { EverwarmError } from '../contracts/errors.ts'
import type { Database, Queries } from '../database/database.ts'
import type { Caller } from './service.ts'

/** A worker's credential is renewed over its link long before: what is stolen is soon worth nothing. */
export const CREDENTIAL_MS = 3_600_000

/** Only hashes are kept: who reads the database cannot act with what he finds. */
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')
const newToken = (kind: string) => `${kind}_${randomBytes(32).toString('base64url')}`
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()

export interface Issued {
  token: string
  expiresAt: string
}

export async function issueEnrolment(db: Queries, ttlMs: number, name?: string): Promise<Issued> {
  const token = newToken('enrol')
  const expiresAt = inMs(ttlMs)
  await db.query(`insert into everwarm.tokens (hash, kind, name, expires_at) values ($1, 'enrolment', $2, $3)`, [
    hashOf(token),
    name ?? null,
    expiresAt,
  ])
  return { token, expiresAt }
}

/** Those before it end soon: what is under way by them may end. */
const OVERLAP = `interval '5 minutes'`

export interface Credential {
  credential: string
  expiresAt: string
}

export async function issueCredential(db: Queries, workerId: string): Promise<Credential> {
  await db.query(`update everwarm.tokens set expires_at = least(expires_at, now() + ${OVERLAP}) where worker_id = $1`, [workerId])
  const token = newToken('work')
  const expiresAt = inMs(CREDENTIAL_MS)
  await db.query(`insert into everwarm.tokens (hash, kind, worker_id, expires_at) values ($1, 'credential', $2, $3)`, [
    hashOf(token),
    workerId,
    expiresAt,
  ])
  return { credential: token, expiresAt }
}

/** Of two who come with the same enrolment at once, one gets in. @throws EverwarmError TOKEN_USED, TOKEN_EXPIRED, TOKEN_REFUSED */
async function useEnrolment(tx: Queries, token: string): Promise<void> {
  const used = await tx.query(
    `update everwarm.tokens set used_at = now()
     where hash = $1 and kind = 'enrolment' and used_at is null and expires_at > now() returning hash`,
    [hashOf(token)],
  )
  if (used.length > 0) return
  const [row] = await tx.query<{ used_at: string | null }>(
    `select used_at from everwarm.tokens where hash = $1 and kind = 'enrolment'`,
    [hashOf(token)],
  )
  if (!row) throw refused()
  const hint = 'Ask for a new one: `everwarm coordinator enrol`.'
  throw row.used_at === null
    ? new EverwarmError('TOKEN_EXPIRED', { message: 'This enrolment token has expired.', hint })
    : new EverwarmError('TOKEN_USED', { message: 'This enrolment token was used before; each lets one worker in.', hint })
}

/** Lets a worker in by an enrolment, as somebody new. @throws EverwarmError TOKEN_USED, TOKEN_EXPIRED, TOKEN_REFUSED */
export async function enrol(db: Database, token: string): Promise<Credential & { workerId: string }> {
  const workerId = randomUUID()
  return db.transaction(async (tx) => {
    await useEnrolment(tx, token)
    return { workerId, ...(await issueCredential(tx, workerId)) }
  })
}

/** Whose token it is. @throws EverwarmError TOKEN_MISSING, TOKEN_REFUSED, TOKEN_EXPIRED */
export async function callerOf(db: Queries, adminToken: string, token: string | undefined): Promise<Caller> {
  if (!token)
    throw new EverwarmError('TOKEN_MISSING', {
      message: 'This needs a token.',
      hint: 'Send it as "Authorization: Bearer TOKEN"; `everwarm coordinator` says where its token stands.',
    })
  if (timingSafeEqual(Buffer.from(hashOf(token)), Buffer.from(hashOf(adminToken)))) return { may: 'everything' }
  const [row] = await db.query<{ worker_id: string; is_valid: boolean }>(
    `select worker_id, expires_at > now() as is_valid from everwarm.tokens where hash = $1 and kind = 'credential'`,
    [hashOf(token)],
  )
  if (!row) throw refused()
  if (!row.is_valid)
    throw new EverwarmError('TOKEN_EXPIRED', {
      message: 'This credential has expired.',
      hint: 'A worker renews its credential in time, or enrols anew.',
    })
  return { may: 'work', workerId: row.worker_id }
}

const refused = () =>
  new EverwarmError('TOKEN_REFUSED', {
    message: 'This token is not known.',
    hint: 'It may belong to another coordinator, or its database was made anew.',
  })

/** A worker that said good-bye, or was sent away, comes back only by a new enrolment. */
export const revokeCredentials = (tx: Queries, workerId: string) =>
  tx.query(`delete from everwarm.tokens where worker_id = $1`, [workerId])

/** What nobody can use any more is forgotten a day later; until then a replay is named as one. */
export const forgetTokens = (db: Queries) => db.query(`delete from everwarm.tokens where expires_at < now() - interval '1 day'`)
