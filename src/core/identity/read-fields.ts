/**
 * Makes an identity of the JSON of a source, by the rules of its configuration. Nothing is coerced, so that a text is never
 * taken for a list of roles. The first field that is missing or of another type is remembered for the operator.
 */
import type { Credential } from '../credential/credential.ts';
import { type Claims, type ClaimType, type ClaimValue, readClaimValue } from './claims.ts';
import type { Identity, SourceFailure } from './identity.ts';
import { freezeIdentity, isDisplayName, isIdentifier, isNameList, isUnixSeconds } from './identity-fields.ts';

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
}

export interface ClaimField {
  readonly name: string;
  readonly type: ClaimType;
  /** Null: the source has no such field. */
  readonly rule: FieldRule | null;
}

/** How a field of an identity is found in the JSON of a source. A rule that is null: the source has no such field. */
export type FieldRule =
  | {
      /** The first that is present counts. */
      readonly places: readonly FieldPlace[];
      readonly optional: boolean;
    }
  | { readonly value: string | readonly string[] };

export interface FieldPlace {
  /** As written. */
  readonly path: string;
  readonly steps: readonly string[];
  /** What separates the names in one text; null: they are a list. */
  readonly split: string | null;
}

type Failure = Pick<SourceFailure, 'kind' | 'detail'>;

export interface ReadOptions {
  /** Name of the source, which goes into the identity. */
  readonly source: string;
  /** Where its keys are in the configuration, for failures. */
  readonly settings: string;
  readonly fields: SourceFields;
  readonly kind: Credential['kind'];
  /** A moment may have a fraction, as in claims (RFC 7519 section 2); it is rounded down. */
  readonly fractions: boolean;
  /** A declared claim is there and of another type, so that it meets no condition. */
  readonly onUnreadable: (claim: string, detail: string) => void;
}

export function readIdentity(
  json: unknown,
  { source, settings, fields, kind, fractions, onUnreadable }: ReadOptions,
): { readonly identity: Identity } | { readonly failure: Failure } {
  const reader = new FieldReader(json, settings);
  const moment = fractions ? isNumericDate : isUnixSeconds;
  const userId = reader.read('userId', fields.userId, isIdentifier, identifierExpected);
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
  const claims = reader.readClaims(fields.claims, onUnreadable);
  if (reader.failure !== null || userId === null) {
    return { failure: reader.failure ?? { kind: 'field', detail: `no user (${settings}.fields.userId)` } };
  }
  const expireAtMs = expireAt === null ? Number.POSITIVE_INFINITY : Math.floor(expireAt) * 1000;
  const [issuedAtMs, authenticatedAtMs] = [issuedAt, authenticatedAt].map((seconds) =>
    seconds === null ? null : Math.floor(seconds) * 1000,
  ) as [number | null, number | null];
  const names = { kind, source, userId, alias, fullName, sessionId, keyId, tokenId };
  return { identity: freezeIdentity({ ...names, roles, groups, expireAtMs, issuedAtMs, authenticatedAtMs, claims }) };
}

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

/** A moment as claims have it: seconds since the epoch, perhaps with a fraction. */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && isUnixSeconds(Math.floor(value));
}

export class FieldReader {
  failure: Failure | null = null;
  readonly #json: unknown;
  readonly #settings: string;

  constructor(json: unknown, settings: string) {
    this.#json = json;
    this.#settings = settings;
  }

  /** Null: the source has no such field, or there was a failure. */
  read<T>(setting: string, rule: FieldRule | null, is: (value: unknown) => value is T, expected: string): T | null {
    if (rule === null) return null;
    const { place, value } = this.#find(rule);
    if (value === undefined && 'optional' in rule && rule.optional) return null;
    if (is(value)) return value;
    const at = place === null ? allPlaces(rule) : `"${place.path}"`;
    const detail =
      value === undefined ? `field ${at} is missing` : `field ${at}: expected ${expected}, found ${typeName(value)}`;
    this.failure ??= { kind: 'field', detail: `${detail} (${this.#settings}.fields.${setting})` };
    return null;
  }

  /** A claim that may be absent can have another type; any other one that is not as declared is a failure. */
  readClaims(fields: readonly ClaimField[], onUnreadable: ReadOptions['onUnreadable']): Claims {
    const claims: Record<string, ClaimValue | null> = {};
    for (const { name, type, rule } of fields) {
      if (rule === null) continue;
      const { place, value } = this.#find(rule);
      const read = readClaimValue(value, type);
      if (read !== null) {
        claims[name] = read;
        continue;
      }
      const at = place === null ? allPlaces(rule) : `"${place.path}"`;
      const other = `field ${at}: expected ${claimExpected[type]}, found ${typeName(value)}`;
      const detail = value === undefined ? `field ${at} is missing` : other;
      const isOptional = 'optional' in rule && rule.optional;
      if (!isOptional) this.failure ??= { kind: 'field', detail: `${detail} (identity.claims.${name})` };
      else if (value !== undefined) {
        claims[name] = null;
        onUnreadable(name, detail);
      }
    }
    return claims;
  }

  #find(rule: FieldRule): { readonly place: FieldPlace | null; readonly value: unknown } {
    return 'value' in rule ? { place: null, value: rule.value } : find(this.#json, rule.places);
  }
}

function allPlaces(rule: FieldRule): string {
  return 'places' in rule ? rule.places.map(({ path }) => `"${path}"`).join(' or ') : 'value';
}

/** The first place with a value; null there counts as nothing, unless no later place has one. */
function find(
  json: unknown,
  places: readonly FieldPlace[],
): { readonly place: FieldPlace | null; readonly value: unknown } {
  for (const place of places) {
    const value = valueAt(json, place.steps);
    if (value !== undefined && value !== null)
      return { place, value: place.split === null ? value : split(value, place.split) };
  }
  return { place: null, value: undefined };
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
 * The value, or undefined when a step is missing. Own properties of plain objects only: `constructor.name` finds
 * nothing, and no list or string is entered.
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
