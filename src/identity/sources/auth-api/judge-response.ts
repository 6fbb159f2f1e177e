/**
 * Judges one complete response of the Auth API: accepted, rejected, or unavailable. Only 200 with exactly the contract's
 * JSON accepts a credential, and only a status of `authApi.rejectedStatuses` (or `verified: false`, or an end that has
 * passed) rejects it. Anything else is a failure of the Auth API, so that an outage never looks like a bad credential
 * and never lets a request through.
 */
import type { AuthApiFields } from '../../../config/config.ts';
import type { Credential } from '../../../core/credential/credential.ts';
import type { Identity, Unresolved } from '../../../core/identity/identity.ts';
import { freezeIdentity, isDisplayName, isIdentifier, isNameList, isUnixSeconds } from '../../identity-fields.ts';
import type { Failure, HttpAnswer } from './exchange.ts';

export type Judgment = Identified | Unidentified;

export interface Identified {
  readonly identity: Identity;
}

export interface Unidentified {
  readonly identity: null;
  readonly reason: Unresolved['reason'];
  /** Seconds that the Auth API asked to wait, or null. */
  readonly retryAfterS: number | null;
  /** Null: it rejects the credential, or limits its checks. */
  readonly failure: Failure | null;
}

/** What the responses of the Auth API look like: a part of its configuration. */
export interface ResponseContract {
  readonly fields: AuthApiFields;
  readonly rejectedStatuses: readonly number[];
}

export function judgeAnswer(
  answer: HttpAnswer,
  kind: Credential['kind'],
  { fields, rejectedStatuses }: ResponseContract,
  nowMs: number,
): Judgment {
  const { status } = answer;
  if (status === 200) return readIdentity(answer, kind, fields, nowMs);
  if (rejectedStatuses.includes(status)) return rejected;
  if (status === 429) return { ...rejected, reason: 'auth_throttled', retryAfterS: retryAfterS(answer, nowMs) };
  const wait = status === 503 ? retryAfterS(answer, nowMs) : null;
  return unavailable('auth_unavailable', { kind: 'status', detail: `status ${status}` }, wait);
}

const rejected: Unidentified = { identity: null, reason: 'credential_rejected', retryAfterS: null, failure: null };

export function unavailable(
  reason: Unresolved['reason'],
  failure: Failure | null,
  retryAfterS: number | null = null,
): Unidentified {
  return { identity: null, reason, retryAfterS, failure };
}

function invalid(failure: Failure): Unidentified {
  return unavailable('auth_answer_invalid', failure);
}

function readIdentity(answer: HttpAnswer, kind: Credential['kind'], paths: AuthApiFields, nowMs: number): Judgment {
  const body = parseJson(answer);
  if ('failure' in body) return invalid(body.failure);
  const fields = new FieldReader(body.json);

  const verified = fields.read('verified', paths.verified, isBoolean, 'a boolean', true);
  if (verified === false) return rejected;
  const userId = fields.read('userId', paths.userId, isIdentifier, identifierExpected, null);
  const roles = fields.read('roles', paths.roles, isNameList, namesExpected, null);
  const groups = fields.read('groups', paths.groups, isNameList, namesExpected, []);
  const expireAt = fields.read('expireAt', paths.expireAt, isUnixSeconds, 'whole seconds since 1970', null);
  const [idSetting, idPath] =
    kind === 'bearer' ? (['sessionId', paths.sessionId] as const) : (['keyId', paths.keyId] as const);
  const id = fields.read(idSetting, idPath, isIdentifier, identifierExpected, null);
  const perKind = kind === 'bearer' ? 'session' : 'keypair';
  const alias = fields.readIfPresent('alias', paths.alias[perKind], isDisplayName, displayNameExpected);
  const fullName = fields.readIfPresent('fullName', paths.fullName[perKind], isDisplayName, displayNameExpected);
  if (fields.failure !== null || userId === null || roles === null || groups === null) {
    return invalid(fields.failure ?? { kind: 'field', detail: 'fields are missing' });
  }

  const expireAtMs = expireAt === null ? Number.POSITIVE_INFINITY : expireAt * 1000;
  if (expireAtMs <= nowMs) return rejected;

  const sessionId = kind === 'bearer' ? id : null;
  const keyId = kind === 'bearer' ? null : id;
  return {
    identity: freezeIdentity({ kind, userId, roles, groups, alias, fullName, sessionId, keyId, expireAtMs }),
  };
}

const identifierExpected = 'visible ASCII without blanks, 1 to 256 characters';
const namesExpected = 'a list of names without commas and control characters';
const displayNameExpected = 'text without control characters, at most 256 characters';

/** Reads fields by their configured paths, and remembers the first that is missing or of the wrong type. */
class FieldReader {
  failure: Failure | null = null;
  readonly #body: unknown;

  constructor(body: unknown) {
    this.#body = body;
  }

  /** `unset`: the value of a field that the configuration switches off. */
  read<T>(setting: string, path: string | null, is: (value: unknown) => value is T, expected: string, unset: T | null) {
    if (path === null) return unset;
    const value = readField(this.#body, path);
    if (is(value)) return value;
    this.#fail(setting, path, value, expected);
    return null;
  }

  readIfPresent<T>(setting: string, path: string | null, is: (value: unknown) => value is T, expected: string) {
    const value = path === null ? null : (readField(this.#body, path) ?? null);
    if (value === null || is(value)) return value;
    this.#fail(setting, path ?? '', value, expected);
    return null;
  }

  #fail(setting: string, path: string, value: unknown, expected: string): void {
    const found = value === undefined ? 'is missing' : `expected ${expected}, found ${typeName(value)}`;
    const what = value === undefined ? `field "${path}" ${found}` : `field "${path}": ${found}`;
    this.failure ??= { kind: 'field', detail: `${what} (authApi.fields.${setting})` };
  }
}

/** Never the value itself: it may be anything. */
function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'another list';
  return typeof value === 'string' ? 'another text' : `a value of type ${typeof value}`;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

const jsonType = /^application\/(?:[\w.-]+\+)?json[ \t]*(?:;|$)/i;

/** JSON in UTF-8 whose `Content-Type` says so. */
function parseJson({ headers, body }: HttpAnswer): { readonly json: unknown } | { readonly failure: Failure } {
  const bad = (detail: string) => ({ failure: { kind: 'body', detail } as const });
  const type = headers['content-type'] ?? '';
  if (!jsonType.test(type)) return bad(`expected content-type application/json, found "${type.slice(0, 64)}"`);
  if (headers['content-encoding'] !== undefined) return bad('the response has a content-encoding');
  try {
    return { json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) };
  } catch {
    return bad('no JSON in UTF-8');
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

/**
 * The value, or undefined when a step is missing. Own properties of plain objects only: `constructor.name` finds
 * nothing, and no list or string is entered.
 */
export function readField(body: unknown, path: string): unknown {
  let value = body;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step)) {
      return undefined;
    }
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}
