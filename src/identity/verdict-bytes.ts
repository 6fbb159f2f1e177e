/**
 * A verdict as few bytes: times as doubles, UUIDs as their 16 bytes, texts with their length in front. Reading is strict:
 * every byte has its meaning, nothing may be left over, and each field must look as it does in an answer of the Auth API.
 */
import type { Credential } from '../core/credential/credential.ts';
import type { Identity } from '../core/identity/identity.ts';
import { freezeIdentity, isDisplayName, isIdentifier, isNameList } from './identity-fields.ts';
import type { Verdict } from './verdict.ts';

/** How a text is written: there is none, as a UUID, or as its length in two bytes and UTF-8. */
const form = { none: 0, uuid: 1, text: 2 } as const;
const lowerUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const uuidBytes = 16;
/** By then the three ids of an identity have ended, if they are UUIDs: after three doubles, a form and 16 bytes for each. */
const uuidsEnd = 3 * 8 + 3 * (1 + uuidBytes);
/** Reads the same as Latin-1 and as UTF-8. */
const printable = /^[ -~]*$/;

/** Null when it cannot be written so that it reads the same again: a text that is not Unicode, or far too long. */
export function writeVerdict({ identity, askedAtMs, endMs }: Verdict): Buffer | null {
  const parts = [doubles(askedAtMs, endMs)];
  if (identity !== null) {
    const { userId, roles, groups, alias, fullName, sessionId, keyId, expireAtMs } = identity;
    parts.push(doubles(expireAtMs));
    for (const text of [userId, sessionId, keyId, alias, fullName]) parts.push(textBytes(text));
    for (const list of [roles, groups]) parts.push(shorts(list.length), ...list.map(nameBytes));
    const texts = [alias, fullName, ...roles, ...groups];
    if (texts.some((text) => text?.isWellFormed() === false) || roles.length + groups.length > 0xffff) return null;
  }
  return Buffer.concat(parts);
}

/** Null: these bytes are no verdict. `kind` is that of the credential, by whose name they were found. */
export function readVerdict(bytes: Buffer, kind: Credential['kind']): Verdict | null {
  const reader = new Reader(bytes);
  const askedAtMs = reader.double();
  const endMs = reader.double();
  if (!isMoment(askedAtMs) || !isMoment(endMs)) return null;
  if (reader.left === 0) return { identity: null, askedAtMs, endMs };
  const expireAtMs = reader.double();
  const userId = reader.text();
  const sessionId = reader.text();
  const keyId = reader.text();
  const alias = reader.text();
  const fullName = reader.text();
  const roles = reader.names();
  const groups = reader.names();
  if (reader.left !== 0) return null;
  if (!isIdentifier(userId) || !isNameList(roles) || !isNameList(groups)) return null;
  if (!isIdentifierOrNone(sessionId) || !isIdentifierOrNone(keyId)) return null;
  if (!isNameOrNone(alias) || !isNameOrNone(fullName)) return null;
  if (expireAtMs !== Number.POSITIVE_INFINITY && !isMoment(expireAtMs)) return null;
  if (endMs > expireAtMs) return null;
  const identity: Identity = { kind, userId, roles, groups, alias, fullName, sessionId, keyId, expireAtMs };
  return { identity: freezeIdentity(identity), askedAtMs, endMs };
}

/** Reads from the front; beyond the end everything is undefined, and `left` is not 0. */
class Reader {
  readonly #bytes: Buffer;
  /** All of it, made once each: a text cut out of a string costs far less than one out of bytes. */
  readonly #latin1: string;
  readonly #hex: string;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#latin1 = bytes.toString('latin1');
    this.#hex = bytes.toString('hex', 0, uuidsEnd);
  }

  /** How many bytes are left; less than 0 when more were asked for than there are. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  double(): number {
    const at = this.#take(8);
    return at === null ? Number.NaN : this.#bytes.readDoubleBE(at);
  }

  text(): string | null | undefined {
    const at = this.#take(1);
    if (at === null) return undefined;
    switch (this.#bytes[at]) {
      case form.none:
        return null;
      case form.uuid:
        return this.#uuid();
      case form.text:
        return this.#utf8(this.#short());
      default:
        return undefined;
    }
  }

  names(): (string | undefined)[] {
    const count = this.#short() ?? 0;
    const names: (string | undefined)[] = [];
    // A count beyond what is there ends with the bytes.
    while (names.length < count && this.left >= 0) names.push(this.#utf8(this.#byte()));
    return names;
  }

  #uuid(): string | undefined {
    const at = this.#take(uuidBytes);
    if (at === null) return undefined;
    const end = at + uuidBytes;
    const hex = end <= uuidsEnd ? this.#hex.slice(2 * at, 2 * end) : this.#bytes.toString('hex', at, end);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  #utf8(length: number | null): string | undefined {
    const at = length === null ? null : this.#take(length);
    if (at === null || length === null) return undefined;
    const text = this.#latin1.slice(at, at + length);
    return printable.test(text) ? text : this.#bytes.toString('utf8', at, at + length);
  }

  /** The length of a name: one byte, or 255 and two more. */
  #byte(): number | null {
    const at = this.#take(1);
    if (at === null) return null;
    const short = this.#bytes[at] ?? 0;
    return short === longName ? this.#short() : short;
  }

  #short(): number | null {
    const at = this.#take(2);
    return at === null ? null : this.#bytes.readUInt16BE(at);
  }

  #take(count: number): number | null {
    const at = this.#at;
    this.#at += count;
    return this.left < 0 ? null : at;
  }
}

const longName = 0xff;

function doubles(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(8 * numbers.length);
  for (const [index, number] of numbers.entries()) bytes.writeDoubleBE(number, 8 * index);
  return bytes;
}

function shorts(number: number): Buffer {
  return Buffer.of((number >> 8) & 0xff, number & 0xff);
}

function textBytes(text: string | null): Buffer {
  if (text === null) return Buffer.of(form.none);
  if (lowerUuid.test(text)) return Buffer.concat([Buffer.of(form.uuid), Buffer.from(text.replaceAll('-', ''), 'hex')]);
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.of(form.text), shorts(bytes.length), bytes]);
}

function nameBytes(name: string): Buffer {
  const bytes = Buffer.from(name, 'utf8');
  const length =
    bytes.length < longName ? Buffer.of(bytes.length) : Buffer.concat([Buffer.of(longName), shorts(bytes.length)]);
  return Buffer.concat([length, bytes]);
}

function isMoment(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isIdentifierOrNone(value: unknown): value is string | null {
  return value === null || isIdentifier(value);
}

function isNameOrNone(value: unknown): value is string | null {
  return value === null || isDisplayName(value);
}
