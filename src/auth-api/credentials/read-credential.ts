/**
 * Reads the one credential of a request. It uses raw headers, because the parsed ones keep only the first of several copies, and identity
 * must never depend on which copy is read.
 */
import { Refusal } from '../outcome/refusals.ts';

export type PresentedCredential =
  | { readonly kind: 'none' }
  /** Not a valid credential: half of a pair, another scheme, invalid characters. */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'bearer'; readonly bearer: string }
  | { readonly kind: 'keypair'; readonly apiKey: string; readonly apiSecret: string };

/** Refuses a repeated header and two credentials at once (400). */
export function readCredential(rawHeaders: readonly string[]): PresentedCredential | Refusal {
  let authorization: string | null = null;
  let apiKey: string | null = null;
  let apiSecret: string | null = null;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const value = rawHeaders[at + 1] ?? '';
    switch (rawHeaders[at]?.toLowerCase()) {
      case 'authorization':
        if (authorization !== null) return new Refusal('credential_repeated');
        authorization = value;
        break;
      case 'api-key':
        if (apiKey !== null) return new Refusal('credential_repeated');
        apiKey = value;
        break;
      case 'api-secret':
        if (apiSecret !== null) return new Refusal('credential_repeated');
        apiSecret = value;
        break;
    }
  }
  const pairPresent = apiKey !== null || apiSecret !== null;
  if (authorization !== null)
    return pairPresent ? new Refusal('credential_conflict') : parseAuthorization(authorization);
  return pairPresent ? parseKeyPair(apiKey, apiSecret) : { kind: 'none' };
}

/** RFC 6750 section 2.1: the scheme in any letter case, blanks, and one token. */
const bearerPattern = /^bearer +([A-Za-z0-9\-._~+/]+=*)[ \t]*$/i;

function parseAuthorization(value: string): PresentedCredential {
  const bearer = bearerPattern.exec(value)?.[1];
  return bearer === undefined ? { kind: 'malformed' } : { kind: 'bearer', bearer };
}

/** Visible ASCII: no blank, no control character, and nothing that a proxy could fold or decode. */
const visiblePattern = /^[\x21-\x7e]+$/;

function parseKeyPair(apiKey: string | null, apiSecret: string | null): PresentedCredential {
  if (apiKey === null || apiSecret === null || !visiblePattern.test(apiKey) || !visiblePattern.test(apiSecret)) {
    return { kind: 'malformed' };
  }
  return { kind: 'keypair', apiKey, apiSecret };
}
