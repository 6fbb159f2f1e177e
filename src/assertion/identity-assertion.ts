/**
 * Signs the identity of an allowed request as a JWT (RFC 7519) for one service. An assertion is reused for the same identity and service
 * for half of its life, and renewed in the background before that: other requests cost one `Map` look-up, and only the first one of an
 * identity waits for a signature.
 */
import { randomUUID } from 'node:crypto';
import type { Identity } from '../core/identity/identity.ts';
import { Recent } from './recent.ts';
import { loadJose, type SigningKeys } from './signing-keys.ts';

export interface AssertionOptions {
  readonly issuer: string;
  readonly lifetimeMs: number;
  readonly keys: SigningKeys;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface Assertion {
  readonly audience: string;
  readonly token: string;
  readonly signedAtMs: number;
  readonly renewFromMs: number;
  readonly usedUntilMs: number;
}

const maxBytes = 32 * 1024 ** 2;
/** Size of an entry, besides its token. */
const entryBytes = 64;
/** Share of half of the life, after which a request renews an assertion without waiting for it. */
const renewedFrom = 0.8;

export class IdentityAssertion {
  readonly keys: SigningKeys;
  readonly #issuer: string;
  readonly #lifetimeS: number;
  readonly #now: () => number;
  /** By the content of an identity, and by the identity object that the result cache last returned for it. */
  readonly #byContent = new Recent<string, Assertion>(maxBytes, (name, { token }) => name.length + token.length);
  readonly #byIdentity = new Recent<Identity, Assertion>(maxBytes, (_, { token }) => entryBytes + token.length);
  /** Signatures in progress, so that concurrent requests of one identity cost one signature. */
  readonly #signing = new Map<string, Promise<string | null>>();

  constructor({ issuer, lifetimeMs, keys, now }: AssertionOptions) {
    this.keys = keys;
    this.#issuer = issuer;
    this.#lifetimeS = Math.floor(lifetimeMs / 1000);
    this.#now = now;
  }

  /** The value of the header, at once if one exists; null: there is no signing key. */
  of(identity: Identity, audience: string): string | Promise<string | null> {
    const nowMs = this.#now();
    const known = this.#byIdentity.get(identity);
    if (known !== undefined && known.audience === audience && isFresh(known, nowMs)) return known.token;
    const { source, userId, sessionId, roles, groups, expireAtMs } = identity;
    const name = JSON.stringify([audience, source, userId, sessionId, roles, groups, expireAtMs]);
    const recent = this.#byContent.get(name);
    if (recent === undefined || !isUsable(recent, nowMs)) return this.#sign(name, identity, audience);
    if (isFresh(recent, nowMs)) this.#byIdentity.set(identity, recent);
    // A failure is reported by a request that must wait.
    else this.#sign(name, identity, audience).catch(() => {});
    return recent.token;
  }

  #sign(name: string, identity: Identity, audience: string): Promise<string | null> {
    const under = this.#signing.get(name);
    if (under !== undefined) return under;
    const signing = this.#make(name, identity, audience).finally(() => this.#signing.delete(name));
    this.#signing.set(name, signing);
    return signing;
  }

  async #make(name: string, identity: Identity, audience: string): Promise<string | null> {
    const { SignJWT } = await loadJose();
    const key = this.keys.current(this.#now()) ?? (await this.keys.awaited(this.#now()));
    if (key === null) return null;
    const { source, userId, sessionId, roles, groups, expireAtMs } = identity;
    const signedAtMs = this.#now();
    const iat = Math.floor(signedAtMs / 1000);
    // Never past the end of the credential, but at least one second.
    const exp = Math.max(iat + 1, Math.min(iat + this.#lifetimeS, Math.ceil(expireAtMs / 1000)));
    const token = await new SignJWT({
      iss: this.#issuer,
      aud: audience,
      sub: userId,
      idp: source,
      roles: [...roles],
      groups: [...groups],
      ...(sessionId === null ? {} : { sid: sessionId }),
      iat,
      exp,
      jti: randomUUID(),
    })
      .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: 'JWT' })
      .sign(key.privateKey);
    const halfMs = (exp * 1000 - signedAtMs) / 2;
    const renewFromMs = signedAtMs + renewedFrom * halfMs;
    this.#byContent.set(name, { audience, token, signedAtMs, renewFromMs, usedUntilMs: signedAtMs + halfMs });
    return token;
  }
}

function isFresh({ signedAtMs, renewFromMs }: Assertion, nowMs: number): boolean {
  // A clock that was set back makes an assertion look younger than it is.
  return nowMs < renewFromMs && nowMs >= signedAtMs;
}

function isUsable({ signedAtMs, usedUntilMs }: Assertion, nowMs: number): boolean {
  return nowMs < usedUntilMs && nowMs >= signedAtMs;
}
