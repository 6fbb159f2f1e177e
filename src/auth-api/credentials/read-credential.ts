/**
 * Reads the one credential of a request. It uses raw headers, because the parsed ones keep only the first of several copies, and identity
 * must never depend on which copy is read.
 */
import { isSameOrigin } from '../../core/credential/same-origin.ts';
import { trimBlanks } from '../../core/syntax/header-fields.ts';
import type { PresentedRequest } from '../../operations/operation.ts';
import { Refusal } from '../outcome/refusals.ts';
import type { Carrier } from './session-cookie.ts';

export type PresentedCredential =
  | { readonly kind: 'none' }
  /** Not a valid credential: half of a pair, another scheme, invalid characters. */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'bearer'; readonly bearer: string; readonly carrier: Carrier }
  | { readonly kind: 'keypair'; readonly apiKey: string; readonly apiSecret: string };

/**
 * `cookie`: name of the cookie that may carry a bearer, or null. Refuses a repeated header or cookie and two credentials at once (400), and
 * a cookie that may come from another site's page (403).
 */
export function readCredential(request: PresentedRequest, cookie: string | null): PresentedCredential | Refusal {
  const { rawHeaders } = request;
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
  const inCookie = cookie === null ? null : readCookie(rawHeaders, cookie);
  if (inCookie instanceof Refusal) return inCookie;
  const pairPresent = apiKey !== null || apiSecret !== null;
  const presented = [authorization !== null, pairPresent, inCookie !== null].filter(Boolean).length;
  if (presented > 1) return new Refusal('credential_conflict');
  if (authorization !== null) return parseAuthorization(authorization);
  if (pairPresent) return parseKeyPair(apiKey, apiSecret);
  return inCookie === null ? { kind: 'none' } : parseCookie(inCookie, request);
}

/** RFC 6750 section 2.1: the scheme in any letter case, blanks, and one token. */
const bearerPattern = /^bearer +([A-Za-z0-9\-._~+/]+=*)[ \t]*$/i;

function parseAuthorization(value: string): PresentedCredential {
  const bearer = bearerPattern.exec(value)?.[1];
  return bearer === undefined ? { kind: 'malformed' } : { kind: 'bearer', bearer, carrier: 'header' };
}

const tokenPattern = /^[A-Za-z0-9\-._~+/]+=*$/;

/** The gateway's rule: state-changing requests must come from the same origin. */
function parseCookie(bearer: string, request: PresentedRequest): PresentedCredential | Refusal {
  if (!isSameOrigin(request, request.rawHeaders)) return new Refusal('cross_site_request');
  return tokenPattern.test(bearer) ? { kind: 'bearer', bearer, carrier: 'cookie' } : { kind: 'malformed' };
}

/** Visible ASCII: no blank, no control character, and nothing that a proxy could fold or decode. */
const visiblePattern = /^[\x21-\x7e]+$/;

function parseKeyPair(apiKey: string | null, apiSecret: string | null): PresentedCredential {
  if (apiKey === null || apiSecret === null || !visiblePattern.test(apiKey) || !visiblePattern.test(apiSecret)) {
    return { kind: 'malformed' };
  }
  return { kind: 'keypair', apiKey, apiSecret };
}

/** One cookie in the raw headers (RFC 6265 section 5.4). Null: absent. Two copies are refused (400), because neither takes precedence. */
function readCookie(rawHeaders: readonly string[], name: string): string | null | Refusal {
  let found: string | null = null;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== 'cookie') continue;
    for (const part of (rawHeaders[at + 1] ?? '').split(';')) {
      const equals = part.indexOf('=');
      if (equals < 0 || trimBlanks(part.slice(0, equals)) !== name) continue;
      if (found !== null) return new Refusal('credential_repeated');
      found = trimBlanks(part.slice(equals + 1));
    }
  }
  return found;
}
