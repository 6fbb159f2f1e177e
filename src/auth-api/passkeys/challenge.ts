/**
 * Challenges that authenticators sign. A challenge is random and carries its expiry and a keyed hash, so that nothing is stored until it is
 * answered: clients cannot fill the store with challenges, and any replica can check one. An answered one is stored until it expires.
 */
import { randomBytes } from 'node:crypto';
import type { Services } from '../services.ts';
import type { AnsweredChallenge } from '../store/passkey-store.ts';

export const challengeLifetimeMs = 300_000;

/** `creation`: of the named session only. */
export type ChallengePurpose = readonly ['creation', sessionId: string] | readonly ['sign-in'];

/** WebAuthn Level 3 section 13.4.3 demands 16 bytes. */
const randomLength = 16;
const expiryLength = 6;
const hashLength = 32;

export function createChallenge(purpose: ChallengePurpose, { hashes, now }: Services): Uint8Array<ArrayBuffer> {
  const head = Buffer.alloc(randomLength + expiryLength);
  randomBytes(randomLength).copy(head);
  head.writeUIntBE(now() + challengeLifetimeMs, randomLength, expiryLength);
  const hash = Buffer.from(hashes.challenge(...purpose, head.toString('base64url')), 'base64url');
  return new Uint8Array(Buffer.concat([head, hash]));
}

/** Null: not a challenge of ours for this purpose, or expired. `challenge`: in base64url. */
export function readChallenge(
  challenge: string,
  purpose: ChallengePurpose,
  { hashes, now }: Services,
): AnsweredChallenge | null {
  const bytes = Buffer.from(challenge, 'base64url');
  if (bytes.length !== randomLength + expiryLength + hashLength) return null;
  const head = bytes.subarray(0, randomLength + expiryLength);
  const hash = bytes.subarray(head.length).toString('base64url');
  if (!hashes.isChallenge(hash, ...purpose, head.toString('base64url'))) return null;
  const expireAtMs = head.readUIntBE(randomLength, expiryLength);
  // Its hash names it: other spellings of the same bytes are the same challenge.
  return expireAtMs <= now() ? null : { id: hash, expireAtMs };
}
