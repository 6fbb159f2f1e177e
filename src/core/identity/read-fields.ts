/**
 * Creates an identity from the JSON of a source by the rules of its configuration. Nothing is coerced, so a text is never treated as a list
 * of roles. The first field that is missing or has another type is kept for the operator.
 */
import type { Credential } from '../credential/credential.ts';
import { type Claims, type ClaimType, type ClaimValue, readClaimValue } from './claims.ts';
import type { Identity, SourceFailure } from './identity.ts';
import { freezeIdentity, isDisplayName, isIdentifier, isNameList, isUnixSeconds } from './identity-fields.ts';
import { type UserNaming, userIdOf } from './user-naming.ts';
import { domainOf, emailField, isVerifiedEmail } from './verified-email.ts';

export interface SourceFields {
  readonly userId: FieldRule;
  readonly roles: FieldRule | null;
  readonly groups: FieldRule | null;
  readonly expireAt: FieldRule | null;
  readonly sessionId: FieldRule | null;
  readonly keyId: FieldRule | null;
  readonly tokenId: FieldRule | null;
  readonly issuedAt: FieldRule | null;
  readonly authenticatedAt: FieldRule | null;
  readonly alias: FieldRule | null;
  readonly fullName: FieldRule | null;
  /** What the configuration declares under `identity.claims`. */
  readonly claims: readonly ClaimField[];
  /** Whether an address counts if the source does not say that it is verified. */
  readonly assumeVerifiedEmail: boolean;
}

export interface ClaimField {
  readonly name: string;
  readonly type: ClaimType;
  /** What is read of an address; null: the value as it is. */
  readonly part: 'domain' | null;
  /** Null: the source has no such field. */
  readonly rule: FieldRule | null;
}

/** How a field of an identity is found in the JSON of a source. A null rule means that the source does not have the field. */
export type FieldRule =
  | {
      /** The first one present is used. */
      readonly places: readonly FieldPlace[];
      readonly optional: boolean;
    }
  | { readonly value: string | readonly string[] };

export interface FieldPlace {
  /** As written. */
  readonly path: string;
  readonly steps: readonly string[];
  /** Separator of names in one text; null: they are a list. */
  readonly split: string | null;
}

type Failure = Pick<SourceFailure, 'kind' | 'detail'>;

export interface ReadOptions {
  /** Name of the source. */
  readonly source: string;
  readonly users: UserNaming;
  /** Where its keys are in the configuration, for failures. */
  readonly settings: string;
  readonly fields: SourceFields;
  readonly kind: Credential['kind'];
  /** A time may have a fraction, as in claims (RFC 7519 section 2); it is rounded down. */
  readonly fractions: boolean;
  readonly events: ClaimEvents;
}

export interface ClaimEvents {
  /** A claim has another type than the declared one, or is an address that is not verified: it meets no condition. `detail` contains no value. */
  claimUnreadable(source: string, claim: string, detail: string): void;
}

export function readIdentity(
  json: unknown,
  { source, users, settings, fields, kind, fractions, events }: ReadOptions,
): { readonly identity: Identity } | { readonly failure: Failure } {
  const reader = new FieldReader(json, settings, fields.assumeVerifiedEmail);
  const moment = fractions ? isNumericDate : isUnixSeconds;
  const id = reader.read('userId', fields.userId, isIdentifier, identifierExpected);
  const roles = reader.read('roles', fields.roles, isNameList, namesExpected) ?? [];
  const groups = reader.read('groups', fields.groups, isNameList, namesExpected) ?? [];
  const expireAt = reader.read('expireAt', fields.expireAt, moment, 'Unix seconds');
  const sessionId = reader.read('sessionId', fields.sessionId, isIdentifier, identifierExpected);
  const keyId = reader.read('keyId', fields.keyId, isIdentifier, identifierExpected);
  const tokenId = reader.read('tokenId', fields.tokenId, isIdentifier, identifierExpected);
  const issuedAt = reader.read('issuedAt', fields.issuedAt, moment, 'Unix seconds');
  const authenticatedAt = reader.read('authenticatedAt', fields.authenticatedAt, moment, 'Unix seconds');
  const alias = reader.read('alias', fields.alias, isDisplayName, displayNameExpected);
  const fullName = reader.read('fullName', fields.fullName, isDisplayName, displayNameExpected);
  const claims = reader.readClaims(fields.claims, (claim, detail) => events.claimUnreadable(source, claim, detail));
  if (reader.failure !== null || id === null) {
    return { failure: reader.failure ?? { kind: 'field', detail: `no user (${settings}.fields.userId)` } };
  }
  const userId = userIdOf(users, id);
  if (userId === null) return { failure: { kind: 'field', detail: `${foreignId} (${settings}.fields.userId)` } };
  const of = { source: users.source, acceptedBy: source };
  const names = { kind, ...of, userId, alias, fullName, sessionId, keyId, tokenId };
  const moments = {
    expireAtMs: inMs(expireAt) ?? Number.POSITIVE_INFINITY,
    issuedAtMs: inMs(issuedAt),
    authenticatedAtMs: inMs(authenticatedAt),
  };
  return { identity: freezeIdentity({ ...names, roles, groups, ...moments, claims }) };
}

function inMs(seconds: number | null): number | null {
  return seconds === null ? null : Math.floor(seconds) * 1000;
}

const foreignId = 'the user id begins with the "userPrefix" of another source, or is too long with its own';
const identifierExpected = 'visible ASCII without blanks, 1 to 256 characters';
const namesExpected = 'a list of names without commas and control characters';
const displayNameExpected = 'text without control characters, at most 256 characters';

const claimExpected = {
  string: 'text without control characters, 1 to 1024 characters',
  number: 'a number up to 2^53 - 1',
  boolean: 'true or false',
  list: 'a list of at most 256 texts without commas and control characters',
  time: 'Unix seconds or a time in RFC 3339',
} as const satisfies Record<ClaimType, string>;

/** A time as in claims: seconds since the epoch, possibly with a fraction. */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && isUnixSeconds(Math.floor(value));
}

export class FieldReader {
  failure: Failure | null = null;
  readonly #json: unknown;
  readonly #settings: string;
  readonly #assumeVerifiedEmail: boolean;

  constructor(json: unknown, settings: string, assumeVerifiedEmail: boolean) {
    this.#json = json;
    this.#settings = settings;
    this.#assumeVerifiedEmail = assumeVerifiedEmail;
  }

  /** Null: the source has no such field, or there was a failure. */
  read<T>(setting: string, rule: FieldRule | null, is: (value: unknown) => value is T, expected: string): T | null {
    if (rule === null) return null;
    const field = this.#find(rule);
    if (field.value === undefined && isOptional(rule)) return null;
    if (is(field.value)) return field.value;
    this.#fail(faultOf(field, rule, expected), `${this.#settings}.fields.${setting}`);
    return null;
  }

  /** A claim that may be absent can have another type, or be an address that is not verified; a required one must not. */
  readClaims(fields: readonly ClaimField[], onUnreadable: (claim: string, detail: string) => void): Claims {
    const claims: Record<string, ClaimValue | null> = {};
    for (const { name, type, part, rule } of fields) {
      if (rule === null) continue;
      const field = this.#find(rule);
      // A constant is the value itself.
      const isAddress = part === 'domain' && field.place !== null;
      const read = readClaimValue(isAddress ? domainOf(field.value) : field.value, type);
      const fault = () => faultOf(field, rule, isAddress ? 'an e-mail address' : claimExpected[type]);
      if (read !== null) claims[name] = read;
      else if (!isOptional(rule)) this.#fail(fault(), `identity.claims.${name}`);
      else if (field.value !== undefined || field.isUnverified) {
        claims[name] = null;
        onUnreadable(name, fault());
      }
    }
    return claims;
  }

  /** The first place with a value; null is not a value, and an address that is not verified neither. */
  #find(rule: FieldRule): FieldValue {
    if ('value' in rule) return { place: null, value: rule.value, isUnverified: false };
    let unverified: FieldPlace | null = null;
    for (const place of rule.places) {
      const value = valueAt(this.#json, place.steps);
      if (value === undefined || value === null) continue;
      if (this.#counts(place))
        return { place, value: place.split === null ? value : split(value, place.split), isUnverified: false };
      unverified ??= place;
    }
    return { place: unverified, value: undefined, isUnverified: unverified !== null };
  }

  #counts({ steps }: FieldPlace): boolean {
    if (steps.at(-1) !== emailField) return true;
    return isVerifiedEmail(valueAt(this.#json, steps.slice(0, -1)), this.#assumeVerifiedEmail);
  }

  #fail(fault: string, setting: string): void {
    this.failure ??= { kind: 'field', detail: `${fault} (${setting})` };
  }
}

function isOptional(rule: FieldRule): boolean {
  return 'optional' in rule && rule.optional;
}

interface FieldValue {
  /** Null: a constant, or no place has a value. */
  readonly place: FieldPlace | null;
  readonly value: unknown;
  /** There is an address at `place`, which does not count. */
  readonly isUnverified: boolean;
}

/** Without the value itself. */
function faultOf({ place, value, isUnverified }: FieldValue, rule: FieldRule, expected: string): string {
  const at = place === null ? allPlaces(rule) : `"${place.path}"`;
  if (isUnverified) return `field ${at}: the address is not verified, because "email_verified" beside it is not true`;
  return value === undefined ? `field ${at} is missing` : `field ${at}: expected ${expected}, found ${typeName(value)}`;
}

function allPlaces(rule: FieldRule): string {
  return 'places' in rule ? rule.places.map(({ path }) => `"${path}"`).join(' or ') : 'value';
}

/** Only a text is split; anything else fails where a list is expected. */
function split(value: unknown, separator: string): unknown {
  return typeof value === 'string' ? value.split(separator).filter((name) => name !== '') : value;
}

/** Never the value itself: it may be anything. */
function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'another list';
  return typeof value === 'string' ? 'another text' : `a value of type ${typeof value}`;
}

/**
 * The value, or undefined when a step is missing. Only own properties of plain objects are read: `constructor.name` finds nothing, and
 * lists and strings are not entered.
 */
export function valueAt(json: unknown, steps: readonly string[]): unknown {
  let value = json;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step)) {
      return undefined;
    }
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}
