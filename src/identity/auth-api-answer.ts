/**
 * Judges one complete answer of the Auth API: an identity, a clear no, or no verdict. Only 200 with exactly the
 * contract's JSON is a yes and only 401 (or `verified: false`, or an end that has passed) is a no; anything else means
 * that nobody knows, so that an outage never looks like a bad credential and never opens the door.
 */
import type { AuthApiFields } from '../config/config.ts';
import type { Credential } from '../core/credential/credential.ts';
import type { Identity, Unresolved } from '../core/identity/identity.ts';
import type { HttpAnswer } from './auth-api-exchange.ts';
import { readField } from './field-path.ts';
import { freezeIdentity, isDisplayName, isIdentifier, isNameList, isUnixSeconds } from './identity-fields.ts';

export type Judgment = Identified | Unidentified;

export interface Identified {
  readonly identity: Identity;
}

export interface Unidentified {
  readonly identity: null;
  readonly reason: Unresolved['reason'];
  /** Seconds that the Auth API asked to wait, or null. */
  readonly retryAfterS: number | null;
}

export function judgeAnswer(
  answer: HttpAnswer,
  kind: Credential['kind'],
  fields: AuthApiFields,
  nowMs: number,
): Judgment {
  switch (answer.status) {
    case 200:
      return readIdentity(answer, kind, fields, nowMs);
    case 401:
      return noIdentity('credential_rejected');
    case 429:
      return noIdentity('auth_throttled', retryAfterS(answer, nowMs));
    case 503:
      return noIdentity('auth_unavailable', retryAfterS(answer, nowMs));
    default:
      return noIdentity('auth_unavailable');
  }
}

export function noIdentity(reason: Unresolved['reason'], retryAfterS: number | null = null): Unidentified {
  return { identity: null, reason, retryAfterS };
}

function readIdentity(answer: HttpAnswer, kind: Credential['kind'], fields: AuthApiFields, nowMs: number): Judgment {
  const invalid = noIdentity('auth_answer_invalid');
  const body = parseJson(answer);
  if (body === undefined) return invalid;

  const verified = fields.verified === null ? true : readField(body, fields.verified);
  if (verified === false) return noIdentity('credential_rejected');
  if (verified !== true) return invalid;

  const userId = readField(body, fields.userId);
  const roles = readField(body, fields.roles);
  const groups = fields.groups === null ? [] : readField(body, fields.groups);
  if (!isIdentifier(userId) || !isNameList(roles) || !isNameList(groups)) return invalid;

  const expireAt = fields.expireAt === null ? null : readField(body, fields.expireAt);
  if (!(isUnixSeconds(expireAt) || (expireAt === null && fields.expireAt === null))) return invalid;

  const idPath = kind === 'bearer' ? fields.sessionId : fields.keyId;
  const id = idPath === null ? null : readField(body, idPath);
  if (!(isIdentifier(id) || (id === null && idPath === null))) return invalid;

  const perKind = kind === 'bearer' ? 'session' : 'keypair';
  const alias = readDisplayName(body, fields.alias[perKind]);
  const fullName = readDisplayName(body, fields.fullName[perKind]);
  if (alias === undefined || fullName === undefined) return invalid;

  const expireAtMs = expireAt === null ? Number.POSITIVE_INFINITY : expireAt * 1000;
  if (expireAtMs <= nowMs) return noIdentity('credential_rejected');

  const sessionId = kind === 'bearer' ? id : null;
  const keyId = kind === 'bearer' ? null : id;
  return {
    identity: freezeIdentity({ kind, userId, roles, groups, alias, fullName, sessionId, keyId, expireAtMs }),
  };
}

/** Names for people may be missing; undefined: there is one of the wrong type. */
function readDisplayName(body: unknown, path: string | null): string | null | undefined {
  const value = path === null ? null : (readField(body, path) ?? null);
  return value === null || isDisplayName(value) ? value : undefined;
}

const jsonType = /^application\/(?:[\w.-]+\+)?json[ \t]*(?:;|$)/i;

/** Undefined: not JSON in UTF-8 that says of itself that it is. */
function parseJson({ headers, body }: HttpAnswer): unknown {
  if (!jsonType.test(headers['content-type'] ?? '') || headers['content-encoding'] !== undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

const longestWaitS = 3_600;
const httpDate = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

/** `Retry-After` as whole seconds or as a date (RFC 9110 section 10.2.3); null when missing or malformed. */
function retryAfterS({ headers }: HttpAnswer, nowMs: number): number | null {
  const value = headers['retry-after'] ?? '';
  if (/^\d{1,9}$/.test(value)) return Math.min(Number(value), longestWaitS);
  // `Date.parse` alone would take "-5" for a date.
  const untilMs = httpDate.test(value) ? Date.parse(value) - nowMs : Number.NaN;
  return Number.isNaN(untilMs) ? null : Math.min(Math.max(Math.ceil(untilMs / 1000), 0), longestWaitS);
}
