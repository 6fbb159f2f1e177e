/**
 * Keyed hashes (HMAC-SHA-256) of every secret that the store must recognize. Each purpose has its own key, derived by HKDF (RFC 5869), so
 * that a hash of one kind is useless as another. Without the settings' secret, a copy of the database allows no guess, not even of a
 * six-digit code.
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

export interface KeyedHashes {
  /** Hash to store. */
  bearer(bearer: string): string;
  /** Hashes to search: under the current secret, then under each earlier one. */
  bearerCandidates(bearer: string): readonly string[];
  apiSecret(apiKey: string, apiSecret: string): string;
  /** Compares in constant time; with `null` (an unknown key) it does the same work and returns false. */
  isApiSecret(stored: string | null, apiKey: string, apiSecret: string): boolean;
  code(codeId: string, code: string): string;
  isCode(stored: string, codeId: string, code: string): boolean;
  /** Begins with the name of its secret, because nothing else shows whether a code that is not at hand can still be verified. */
  recoveryCode(code: string): string;
  /** As for bearers. */
  recoveryCodeCandidates(code: string): readonly string[];
  /** Whether the hash is of one of these secrets. */
  isVerifiableRecoveryCode(stored: string): boolean;
  /** Of a challenge that was not stored. */
  challenge(...parts: string[]): string;
  isChallenge(hash: string, ...parts: string[]): boolean;
  /** Of what a device keeps. */
  device(...parts: string[]): string;
  isDevice(hash: string, ...parts: string[]): boolean;
  /** A name of fixed length under which attempts are counted, so that a limiter's memory contains no address or key. */
  attemptsOf(kind: string, ...parts: string[]): string;
}

type Purpose = 'bearer' | 'api-secret' | 'code' | 'recovery-code' | 'secret-name' | 'challenge' | 'device' | 'attempts';

/** `secrets`: the current one first, then earlier ones, whose hashes stay valid. */
export function createKeyedHashes(secrets: readonly [string, ...string[]]): KeyedHashes {
  const digest = secrets.map(digestUnder);
  const [current] = digest as [Digest, ...Digest[]];
  const matches = (stored: string, purpose: Purpose, parts: readonly string[]): boolean => {
    let hasMatch = false;
    // No early exit, so that timing does not reveal which secret matched.
    for (const under of digest) hasMatch = equalHashes(stored, under(purpose, parts)) || hasMatch;
    return hasMatch;
  };
  const unknown = randomBytes(32).toString('base64url');
  return {
    bearer: (bearer) => current('bearer', [bearer]),
    bearerCandidates: (bearer) => digest.map((under) => under('bearer', [bearer])),
    apiSecret: (apiKey, apiSecret) => current('api-secret', [apiKey, apiSecret]),
    isApiSecret: (stored, apiKey, apiSecret) =>
      matches(stored ?? unknown, 'api-secret', [apiKey, apiSecret]) && stored !== null,
    code: (codeId, code) => current('code', [codeId, code]),
    isCode: (stored, codeId, code) => matches(stored, 'code', [codeId, code]),
    recoveryCode: (code) => namedRecoveryCode(current, code),
    recoveryCodeCandidates: (code) => digest.map((under) => namedRecoveryCode(under, code)),
    isVerifiableRecoveryCode: (stored) => digest.some((under) => stored.startsWith(nameOf(under))),
    challenge: (...parts) => current('challenge', parts),
    isChallenge: (hash, ...parts) => matches(hash, 'challenge', parts),
    device: (...parts) => current('device', parts),
    isDevice: (hash, ...parts) => matches(hash, 'device', parts),
    attemptsOf: (kind, ...parts) => current('attempts', [kind, ...parts]),
  };
}

type Digest = (purpose: Purpose, parts: readonly string[]) => string;

function digestUnder(secret: string): Digest {
  const derive = (purpose: Purpose) => Buffer.from(hkdfSync('sha256', secret, '', `rolegate/auth-api/${purpose}`, 32));
  const keys: Readonly<Record<Purpose, Buffer>> = {
    bearer: derive('bearer'),
    'api-secret': derive('api-secret'),
    code: derive('code'),
    'recovery-code': derive('recovery-code'),
    'secret-name': derive('secret-name'),
    challenge: derive('challenge'),
    device: derive('device'),
    attempts: derive('attempts'),
  };
  return (purpose, parts) => {
    const hmac = createHmac('sha256', keys[purpose]);
    // Each part is length-prefixed: otherwise two different lists could give the same text.
    for (const part of parts) hmac.update(`${part.length}:`).update(part);
    return hmac.digest('base64url');
  };
}

function namedRecoveryCode(under: Digest, code: string): string {
  return nameOf(under) + under('recovery-code', [code]);
}

/** Of a secret, which it does not reveal: distinguishes the few of one installation. */
function nameOf(under: Digest): string {
  return `${under('secret-name', []).slice(0, 8)}.`;
}

function equalHashes(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left, 'base64url'), Buffer.from(right, 'base64url')];
  return a.length === b.length && timingSafeEqual(a, b);
}
