/** Parses header and claims of a JWT before any of it is trusted: strictly, with only one reading. */
import { type Claims, isObject } from '../claims.ts';
import { repeatsName } from '../repeated-names.ts';

export interface TokenParts {
  readonly header: Claims;
  readonly claims: Claims;
}

/** Maximum length of a token, in characters. */
const maxTokenLength = 16_384;

/**
 * Null: not a signed token in compact form (RFC 7515 section 7.1), or one with two readings. Each token has one spelling: another one that
 * lenient parsers accept would not be recognized as revoked.
 */
export function readParts(token: string): TokenParts | null {
  if (token.length > maxTokenLength) return null;
  const parts = token.split('.', 4);
  if (parts.length !== 3 || !parts.every(isCanonical)) return null;
  const [header, claims] = [readObject(parts[0]!), readObject(parts[1]!)];
  return header === null || claims === null ? null : { header, claims };
}

/** Base64url without padding, and without bits beyond the last byte (RFC 4648 sections 3.2 and 3.5). */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

function readObject(part: string): Claims | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'));
    const value: unknown = JSON.parse(text);
    return isObject(value) && !repeatsName(text) ? value : null;
  } catch {
    return null;
  }
}
