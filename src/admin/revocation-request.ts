/** Parses a revocation: a JSON object in exactly one of the forms. Errors repeat nothing of it. */
import type { Credential } from '../core/credential/credential.ts';
import { parseObject } from '../operations/read-request.ts';

export type RevocationRequest =
  | { readonly kind: 'session' | 'keyPair' | 'token'; readonly id: string; readonly source?: string }
  | { readonly kind: 'user'; readonly id: string; readonly source?: string; readonly issuedBeforeMs?: number }
  | { readonly kind: 'credential'; readonly credential: Credential };

/** The fault of a body, in words for the caller. */
export interface Unreadable {
  readonly detail: string;
}

const ids = { sessionID: 'session', keyID: 'keyPair', userID: 'user', tokenID: 'token' } as const;
type IdKey = keyof typeof ids;
/** Options that narrow a revocation by id. */
const idOptions = ['source', 'issuedBefore'] as const;
const credentialKeys = ['bearer', 'apiKey', 'apiSecret', 'certificate'] as const;

/** The form of ids in identities of an Auth API. */
const identifier = /^[\x21-\x7e]{1,256}$/;
/** The form of credentials: RFC 6750 section 2.1, and visible ASCII. */
const bearerToken = /^[A-Za-z0-9\-._~+/]+=*$/;
const visible = /^[\x21-\x7e]+$/;
/** SHA-256 as `openssl x509 -fingerprint -sha256` prints it, or without colons. */
const fingerprintForm = /^(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){31})$/;

/** `idsOnly`: credentials are not accepted. */
export function readRevocation(body: Uint8Array, idsOnly: boolean): RevocationRequest | Unreadable {
  const fields = parseObject(body);
  if (fields === null) return { detail: 'the body is not a JSON object in UTF-8' };
  const known = [...Object.keys(ids), ...idOptions, ...(idsOnly ? [] : credentialKeys)];
  const names = Object.keys(fields);
  if (names.some((key) => !known.includes(key))) return { detail: `the only keys are ${known.join(', ')}` };
  const keys = names.filter((key) => key in ids || credentialKeys.some((one) => one === key));
  const pair = 'apiSecret' in fields;
  if (pair && !('apiKey' in fields)) return { detail: 'apiSecret requires apiKey' };
  if (keys.length !== (pair ? 2 : 1)) {
    return {
      detail: keys.length === 0 ? 'no id or credential is given' : 'more than one is given: send one request for each',
    };
  }
  if (names.length > keys.length) return narrowed(fields, keys[0]!);
  if (pair) {
    const { apiKey, apiSecret } = fields;
    return isText(apiKey, visible) && isText(apiSecret, visible)
      ? { kind: 'credential', credential: { kind: 'keyPair', apiKey, apiSecret } }
      : { detail: 'apiKey and apiSecret are visible ASCII without blanks' };
  }
  if ('apiKey' in fields) {
    const { apiKey } = fields;
    return isText(apiKey, visible)
      ? { kind: 'credential', credential: { kind: 'apiKey', key: apiKey } }
      : { detail: 'apiKey is visible ASCII without blanks' };
  }
  if ('certificate' in fields) return ofCertificate(fields['certificate']);
  if ('bearer' in fields) {
    const token = fields['bearer'];
    return isText(token, bearerToken)
      ? { kind: 'credential', credential: { kind: 'bearer', token } }
      : { detail: 'bearer is not a token of RFC 6750' };
  }
  return readId(fields, keys[0] as IdKey);
}

function ofCertificate(text: unknown): RevocationRequest | Unreadable {
  if (!isText(text, fingerprintForm)) return { detail: 'certificate is a SHA-256 fingerprint in hexadecimal digits' };
  const fingerprint = text.replaceAll(':', '').toLowerCase();
  return { kind: 'credential', credential: { kind: 'certificate', fingerprint, der: '' } };
}

function readId(fields: Readonly<Record<string, unknown>>, key: IdKey) {
  const id = fields[key];
  return isText(id, identifier)
    ? { kind: ids[key], id }
    : { detail: `${key} is visible ASCII without blanks, at most 256 characters` };
}

/** An id of one source only, or the tokens of a user up to a time. */
function narrowed(fields: Readonly<Record<string, unknown>>, key: string): RevocationRequest | Unreadable {
  if (!(key in ids)) return { detail: 'source and issuedBefore require an id' };
  const read = readId(fields, key as IdKey);
  if ('detail' in read) return read;
  const { source, issuedBefore } = fields;
  if (source !== undefined && !isText(source, identifier)) return { detail: 'source is the name of a source' };
  const of = source === undefined ? {} : { source };
  if (issuedBefore === undefined) return { ...read, ...of };
  if (read.kind !== 'user') return { detail: 'issuedBefore requires userID' };
  return isUnixSeconds(issuedBefore)
    ? { ...read, kind: 'user', ...of, issuedBeforeMs: issuedBefore * 1000 }
    : { detail: 'issuedBefore is a time in seconds since the epoch, like "iat" of a token' };
}

/** Not beyond the year 2286, so that milliseconds are not read as seconds. */
function isUnixSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 1e10;
}

function isText(value: unknown, shape: RegExp): value is string {
  return typeof value === 'string' && shape.test(value);
}
