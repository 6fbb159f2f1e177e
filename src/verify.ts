/**
 * `rolegate/verify`: what a Node service verifies signed identities with. Needs nothing but `jose`. A header that proves
 * nothing is a value, not an exception, so that a service cannot forget it: without an identity there is only a reason.
 */
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';

export interface IdentityVerifierOptions {
  /** Where the gateway shows its public keys: `/.well-known/jwks.json` of the admin port, or a route to `identity-keys`. */
  readonly jwksUrl: string | URL;
  /** `identityAssertion.issuer` of the gateway. */
  readonly issuer: string;
  /** The name of this service's upstream, or the `audience` of its routes; a list: any of them. */
  readonly audience: string | readonly string[];
  /** How far clocks may differ, in seconds; if unset: 5. */
  readonly clockToleranceS?: number;
  /** How long public keys are kept before they are asked for again, in seconds; if unset: 300. */
  readonly keepKeysS?: number;
}

export interface VerifiedIdentity {
  /** Only together with `source` does it identify a user. */
  readonly userId: string;
  /** Name of the source in the gateway's configuration, as its claim `idp`. */
  readonly source: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** Null: the client has no session, as with a key pair. */
  readonly sessionId: string | null;
  /** Everything that was signed. */
  readonly claims: Readonly<JWTPayload>;
}

/**
 * `missing`: no header, so the request is anonymous or did not come through the gateway. `invalid`: it proves nothing.
 * `expired`: it did. `keys_unavailable`: the public keys cannot be fetched, which is an outage (503), not a bad credential.
 */
export type VerificationFailure = 'missing' | 'invalid' | 'expired' | 'keys_unavailable';

export type Verification =
  | { readonly identity: VerifiedIdentity; readonly reason: null }
  | { readonly identity: null; readonly reason: VerificationFailure };

/** Takes the value of the header, as `request.headers` has it. Never rejects. */
export type VerifyIdentity = (header: string | readonly string[] | undefined) => Promise<Verification>;

const algorithms = ['EdDSA', 'ES256'];
const maxToken = 65_536;
const fetchTimeoutMs = 5_000;
/** Keys that cannot be asked for again serve this much longer. */
const staleMs = 3_600_000;
/** An unknown key makes the verifier ask again at most this often, and once after a failure. */
const cooldownMs = 30_000;
const pauseAfterFailureMs = 1_000;

export function createIdentityVerifier(options: IdentityVerifierOptions): VerifyIdentity {
  const { issuer, audience, clockToleranceS = 5, keepKeysS = 300 } = options;
  const keyOf = publishedKeys(new URL(options.jwksUrl), keepKeysS * 1000);
  const expected = {
    algorithms,
    issuer,
    audience: typeof audience === 'string' ? audience : [...audience],
    clockTolerance: clockToleranceS,
    requiredClaims: ['sub', 'exp', 'iat'],
  };
  return async (header) => {
    if (header === undefined || header === '') return failed('missing');
    // A header that came twice, as an array or joined, is not from the gateway.
    if (typeof header !== 'string' || header.length > maxToken) return failed('invalid');
    try {
      const { payload } = await jwtVerify(header, keyOf, expected);
      const identity = readIdentity(payload);
      return identity === null ? failed('invalid') : { identity, reason: null };
    } catch (error) {
      return failed(reasonOf(error));
    }
  };
}

/** Keys are asked for again in the background once they are old, so that no request waits for it. */
function publishedKeys(url: URL, keepMs: number): JWTVerifyGetKey {
  let fetchedAtMs = Number.NEGATIVE_INFINITY;
  let failedAtMs = Number.NEGATIVE_INFINITY;
  const keys = createRemoteJWKSet(url, {
    cooldownDuration: cooldownMs,
    cacheMaxAge: keepMs + staleMs,
    timeoutDuration: fetchTimeoutMs,
    [customFetch]: async (resource, init) => {
      if (isWithin(pauseAfterFailureMs, failedAtMs)) throw new KeysUnavailable();
      try {
        const response = await fetch(resource, init);
        if (response.status !== 200) throw new KeysUnavailable();
        fetchedAtMs = Date.now();
        return response;
      } catch (cause) {
        failedAtMs = Date.now();
        throw new KeysUnavailable({ cause });
      }
    },
  });
  return (header, token) => {
    const old = keys.jwks() !== undefined && !isWithin(keepMs, fetchedAtMs);
    if (old && !keys.reloading) keys.reload().catch(() => {});
    return keys(header, token);
  };
}

/** Whether `sinceMs` is less than `forMs` ago. A moment that is to come is none: the clock was set back. */
function isWithin(forMs: number, sinceMs: number): boolean {
  const agoMs = Date.now() - sinceMs;
  return agoMs >= 0 && agoMs < forMs;
}

class KeysUnavailable extends Error {
  constructor(options?: ErrorOptions) {
    super('the public keys of the gateway cannot be fetched', options);
  }
}

function reasonOf(error: unknown): VerificationFailure {
  if (error instanceof errors.JWTExpired) return 'expired';
  return unavailable.some((kind) => error instanceof kind) || isGeneric(error) ? 'keys_unavailable' : 'invalid';
}

const unavailable = [KeysUnavailable, errors.JWKSTimeout, errors.JWKSInvalid];

/** What is no JSON at all. */
function isGeneric(error: unknown): boolean {
  return error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC';
}

function failed(reason: VerificationFailure): Verification {
  return { identity: null, reason };
}

function readIdentity(claims: JWTPayload): VerifiedIdentity | null {
  const { sub, idp, roles, groups, sid } = claims;
  if (sub === undefined || sub === '' || typeof idp !== 'string' || idp === '' || !isNames(roles) || !isNames(groups))
    return null;
  if (sid !== undefined && typeof sid !== 'string') return null;
  return { userId: sub, source: idp, roles, groups, sessionId: sid ?? null, claims };
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}
