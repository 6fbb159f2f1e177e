/**
 * What a security event token revokes: events of CAEP 1.0 and RISC 1.0 that end a session or change what a user may do. Unknown events are
 * ignored, because a transmitter may send more than a receiver needs (RFC 8417 section 2).
 */
import { isIdentifier } from '../../core/identity/identity-fields.ts';
import { isNumericDate } from '../../core/identity/read-fields.ts';
import type { Revocation } from '../revocation/tombstones.ts';
import { type Claims, isObject } from '../sources/claims.ts';
import type { Issuer } from '../sources/create-sources.ts';
import type { EventForm, EventToken } from './event-token.ts';

export const securityEventForm: EventForm = { types: ['secevent+jwt'], typeRequired: true, endRequired: false };

const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const risc = 'https://schemas.openid.net/secevent/risc/event-type/';

/** The kind of subject that a bare id (`opaque`) refers to. */
const known: ReadonlyMap<string, 'session' | 'user'> = new Map([
  [`${caep}session-revoked`, 'session'],
  [`${caep}credential-change`, 'user'],
  [`${caep}token-claims-change`, 'user'],
  [`${risc}sessions-revoked`, 'user'],
  [`${risc}account-disabled`, 'user'],
  [`${risc}account-purged`, 'user'],
]);

/** Empty: no known event. Null: a known event whose subject cannot be parsed. */
export function revokedByEvents(
  token: EventToken,
  { config, source, dependents }: Issuer,
): readonly Revocation[] | null {
  const { issuer } = config;
  const { claims, events, issuedAtMs } = token;
  const revoked: Revocation[] = [];
  for (const [type, event] of Object.entries(events)) {
    const opaque = known.get(type);
    if (opaque === undefined) continue;
    if (!isObject(event)) return null;
    const subject = claims['sub_id'] ?? event['subject'] ?? issSub(claims);
    const meaning: Meaning = { opaque, issuer, source, untilMs: untilMs(event, issuedAtMs) };
    const revocation = revokedSubject(subject, meaning);
    if (revocation === null) return null;
    revoked.push(revocation);
    for (const name of dependents) revoked.push(...atAsked(subject, { ...meaning, source: name }));
  }
  return revoked;
}

interface Meaning {
  readonly opaque: 'session' | 'user';
  readonly issuer: string;
  readonly source: string;
  readonly untilMs: number;
}

/** Subject identifiers of RFC 9493: `opaque`, `iss_sub`, and `complex` of CAEP, where the session takes precedence. */
function revokedSubject(subject: unknown, meaning: Meaning): Revocation | null {
  if (!isObject(subject)) return null;
  const { format, id, iss, sub, session, user } = subject;
  const { opaque, issuer, source, untilMs: issuedBeforeMs } = meaning;
  if (format === 'complex' || (format === undefined && (session ?? user) !== undefined)) {
    if (opaque === 'session' && isObject(session)) return revokedSubject(session, meaning);
    return isObject(user) ? revokedSubject(user, { ...meaning, opaque: 'user' }) : null;
  }
  if (format === 'iss_sub') {
    return iss === issuer && isIdentifier(sub) ? { kind: 'user', id: sub, source, issuedBeforeMs } : null;
  }
  if (format !== 'opaque' || !isIdentifier(id)) return null;
  return opaque === 'session' ? { kind: 'session', id, source } : { kind: 'user', id, source, issuedBeforeMs };
}

/** Also the user of a session, because many results contain no session; other tokens of the user are looked up again. */
function atAsked(subject: unknown, meaning: Meaning): readonly Revocation[] {
  const user = isObject(subject) && isObject(subject['user']) ? subject['user'] : null;
  return [
    revokedSubject(subject, meaning),
    user === null ? null : revokedSubject(user, { ...meaning, opaque: 'user' }),
  ].filter((one) => one !== null);
}

/** A token in the older form, without `sub_id`. */
function issSub({ iss, sub }: Claims): object | undefined {
  return sub === undefined ? undefined : { format: 'iss_sub', iss, sub };
}

/** When it happened, if stated: later tokens are valid. Drafts of CAEP used milliseconds. */
function untilMs({ event_timestamp: at }: Claims, issuedAtMs: number): number {
  if (!isNumericDate(at)) return issuedAtMs;
  return Math.min(at > 1e11 ? Math.floor(at) : Math.floor(at) * 1000, issuedAtMs);
}
