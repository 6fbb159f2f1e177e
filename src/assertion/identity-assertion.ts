/**
 * Signs who the client of an allowed request is, as a JWT (RFC 7519) for one service. An assertion is used again for the same
 * identity and service until half of its life is over, and renewed beside the requests before that: a request in between
 * costs a look into a `Map`, and only the first of an identity waits for a signature.
 */
import { randomUUID } from 'node:crypto';
import type { Identity } from '../core/identity/identity.ts';
import { RecentTokens } from './recent-tokens.ts';
import { loadJose, type SigningKeys } from './signing-keys.ts';

export interface AssertionOptions {
  readonly issuer: string;
  readonly lifetimeMs: number;
  readonly keys: SigningKeys;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface Assertion {
  readonly token: string;
  readonly signedAtMs: number;
  readonly renewFromMs: number;
  readonly usedUntilMs: number;
}

const mostBytes = 32 * 1024 ** 2;
/** Of half of the life, after which a request renews an assertion without waiting for it. */
const renewedFrom = 0.8;

export class IdentityAssertion {
  readonly keys: SigningKeys;
  readonly #issuer: string;
  readonly #lifetimeS: number;
  readonly #now: () => number;
  readonly #recent = new RecentTokens<Assertion>(mostBytes, ({ token }) => token.length);
  /** Being signed now, so that requests of one identity that come together cost one signature. */
  readonly #signing = new Map<string, Promise<string | null>>();

  constructor({ issuer, lifetimeMs, keys, now }: AssertionOptions) {
    this.keys = keys;
    this.#issuer = issuer;
    this.#lifetimeS = Math.floor(lifetimeMs / 1000);
    this.#now = now;
  }

  /** The value of the header, at once when there is one to use; null: there is no key to sign with. */
  of(identity: Identity, audience: string): string | Promise<string | null> {
    const { userId, sessionId, roles, groups, expireAtMs } = identity;
    const name = JSON.stringify([audience, userId, sessionId, roles, groups, expireAtMs]);
    const nowMs = this.#now();
    const recent = this.#recent.get(name);
    // A clock that was set back makes it look younger than it is.
    if (recent === undefined || nowMs >= recent.usedUntilMs || nowMs < recent.signedAtMs)
      return this.#sign(name, identity, audience);
    // Should it fail, a request that has to wait tells of it.
    if (nowMs >= recent.renewFromMs) this.#sign(name, identity, audience).catch(() => {});
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
    const { userId, sessionId, roles, groups, expireAtMs } = identity;
    const signedAtMs = this.#now();
    const iat = Math.floor(signedAtMs / 1000);
    // Never past the end of the credential; in its last second, for that second.
    const exp = Math.max(iat + 1, Math.min(iat + this.#lifetimeS, Math.ceil(expireAtMs / 1000)));
    const token = await new SignJWT({
      iss: this.#issuer,
      aud: audience,
      sub: userId,
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
    this.#recent.set(name, { token, signedAtMs, renewFromMs, usedUntilMs: signedAtMs + halfMs });
    return token;
  }
}
