/** Required claims, both in a verified token and in the response of a source. */
import type { ClaimRules } from '../../config/source-config.ts';
import type { Rejection } from '../../core/identity/identity.ts';
import { isNumericDate } from '../../core/identity/read-fields.ts';
import { emailField, isVerifiedEmail } from '../../core/identity/verified-email.ts';

export type Claims = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Why the claims are rejected, or null. `exp` is checked where the identity is read. */
export function claimsRejected(claims: Claims, rules: ClaimRules, nowMs: number): Rejection | null {
  const { audience, requiredClaims, requiredValues, clockSkewMs } = rules;
  if (audience !== null && !namesAudience(claims['aud'], audience)) return 'audience';
  for (const name of requiredClaims) if (!Object.hasOwn(claims, name) || claims[name] === null) return 'claim';
  for (const [name, values] of Object.entries(requiredValues)) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (typeof value !== 'string' || !values.includes(value)) return 'claim';
    if (name === emailField && !isVerifiedEmail(claims, rules.assumeVerifiedEmail)) return 'claim';
  }
  for (const name of ['nbf', 'iat']) {
    const moment = claims[name];
    if (moment === undefined || moment === null) continue;
    if (!isNumericDate(moment)) return 'claim';
    if (moment * 1000 > nowMs + clockSkewMs) return 'not_yet_valid';
  }
  return null;
}

/** Of a token that is not bound to anything. */
const unbound = {};

/**
 * The certificate to which a token is bound (RFC 8705 section 3.1). It is compared with that of the connection. A token that is bound to
 * another key of its client is rejected: without a proof of possession a thief could use it.
 */
export function bindingOf({ cnf }: Claims): { readonly boundTo?: string } | 'bound' {
  if (cnf === undefined || cnf === null) return unbound;
  if (!isObject(cnf) || Object.keys(cnf).length !== 1) return 'bound';
  const thumbprint = cnf['x5t#S256'];
  if (typeof thumbprint !== 'string' || !/^[\w-]{43}$/.test(thumbprint)) return 'bound';
  return { boundTo: Buffer.from(thumbprint, 'base64url').toString('hex') };
}

function namesAudience(aud: unknown, audience: readonly string[]): boolean {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return named.some((one) => typeof one === 'string' && audience.includes(one));
}

/**
 * Why it is no bearer token of a user, by any claim with which a provider marks it: a refresh token, or one that is bound to a key of its
 * client, whose proof is not checked here (RFC 9449 section 7). Tokens with `events`, such as logout tokens, need not have a `typ` header
 * (RFC 8725 section 3.11; RFC 8417 section 4.1; OpenID Connect Back-Channel Logout 1.0, section 2.4). A mark that is not a text may mean
 * anything.
 */
export function otherTokenRejected(claims: Claims): Rejection | null {
  if (Object.hasOwn(claims, 'events') && isObject(claims['events'])) return 'type';
  const marks = marksOf(claims);
  if (marks.some((mark) => typeof mark !== 'string')) return 'type';
  if (isMarked(claims, /^(?:dpop|pop|mac)$/i)) return 'bound';
  return isMarked(claims, /^(?:refresh|refresh_token|offline)$/i) ? 'type' : null;
}

/** Whether a provider marks it as an ID token, which is for a client and not for a service (ASVS 5.0, 9.2.2). */
export function isIdToken(claims: Claims): boolean {
  return isMarked(claims, /^(?:id|id_token)$/i);
}

/** Claims of a sign-in at a client (OpenID Connect Core 1.0, sections 2 and 3.3.2.11). */
export function isOfSignIn(claims: Claims): boolean {
  return ['nonce', 'at_hash', 'c_hash'].some((name) => Object.hasOwn(claims, name));
}

function isMarked(claims: Claims, mark: RegExp): boolean {
  return marksOf(claims).some((value) => typeof value === 'string' && mark.test(value));
}

/** As elsewhere, null is no value. */
function marksOf(claims: Claims): readonly unknown[] {
  const values = ['token_type', 'token_use', 'typ'].map((name) => (Object.hasOwn(claims, name) ? claims[name] : null));
  return values.filter((value) => value !== null && value !== undefined);
}
