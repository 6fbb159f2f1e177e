/**
 * Verifies a JWT by the keys of its issuer. The configuration determines the accepted algorithms, types and claims; a token only selects
 * one of the issuer's keys.
 */
import type { CryptoKey, JWTVerifyOptions } from 'jose';
import type { ClaimRules, JwtSourceConfig } from '../../../config/source-config.ts';
import type { Rejection, SourceFailure } from '../../../core/identity/identity.ts';
import { type Claims, claimsRejected } from '../claims.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { readParts } from './token-parts.ts';

export type Verified =
  | { readonly claims: Claims }
  /** `forMs`: how long the rejection may be kept. */
  | { readonly rejection: Rejection; readonly forMs: number }
  | { readonly failure: SourceFailure };

/** Requirements for tokens of any purpose. */
export interface TokenRules
  extends ClaimRules,
    Pick<JwtSourceConfig, 'issuer' | 'algorithms' | 'types' | 'typeRequired' | 'maxTokenAgeMs'> {
  /** Whether `exp` is required. */
  readonly endRequired: boolean;
}

export async function verifyToken(
  token: string,
  config: TokenRules,
  keys: IssuerKeys,
  nowMs: number,
): Promise<Verified> {
  const parts = readParts(token);
  if (parts === null) return rejected('malformed');
  const refused = headerRejected(parts.header, config);
  if (refused !== null) return rejected(refused);
  const result = await keys.find(parts.header);
  if ('failure' in result) return result;
  if (!('keys' in result)) return rejected('key', result.unknownForMs);
  const rejection =
    (await verifySignature(token, config, result.keys, nowMs)) ?? claimsRejected(parts.claims, config, nowMs);
  return rejection === null ? { claims: parts.claims } : rejected(rejection);
}

function rejected(rejection: Rejection, forMs = Number.POSITIVE_INFINITY): Verified {
  return { rejection, forMs };
}

function headerRejected(header: Claims, { algorithms, types, typeRequired }: TokenRules): Rejection | null {
  const { alg, typ, cty, kid } = header;
  if (typeof alg !== 'string' || !algorithms.includes(alg)) return 'algorithm';
  // No critical extension is supported.
  if ('crit' in header || 'b64' in header) return 'critical';
  // A nested token: the effective claims would be inside.
  if (cty !== undefined) return 'type';
  if (typ === undefined ? typeRequired : !isType(typ, types)) return 'type';
  return kid === undefined || typeof kid === 'string' ? null : 'malformed';
}

/** Letter case is ignored, and `application/` may be omitted (RFC 7515 section 4.1.9). */
function isType(typ: unknown, types: readonly string[]): boolean {
  return typeof typ === 'string' && types.includes(typ.toLowerCase().replace(/^application\//, ''));
}

/** Checks signature, issuer, audience, start and end. Null: all are valid. */
async function verifySignature(
  token: string,
  { algorithms, issuer, audience, clockSkewMs, maxTokenAgeMs, endRequired }: TokenRules,
  keys: readonly CryptoKey[],
  nowMs: number,
): Promise<Rejection | null> {
  const { jwtVerify } = await import('jose');
  const options: JWTVerifyOptions = {
    algorithms: [...algorithms],
    issuer,
    ...(audience === null ? {} : { audience: [...audience] }),
    clockTolerance: Math.floor(clockSkewMs / 1000),
    maxTokenAge: Math.floor(maxTokenAgeMs / 1000),
    requiredClaims: endRequired ? ['exp'] : [],
    currentDate: new Date(nowMs),
  };
  let rejection: Rejection = 'signature';
  for (const key of keys) {
    try {
      await jwtVerify(token, key, options);
      return null;
    } catch (error) {
      rejection = rejectionOf(error);
      // Another key with the same id may fit.
      if (rejection !== 'signature' && rejection !== 'key') return rejection;
    }
  }
  return rejection;
}

const ofClaim: Readonly<Record<string, Rejection>> = {
  iss: 'issuer',
  aud: 'audience',
  nbf: 'not_yet_valid',
};

/** By the codes of `jose`; anything else is a key that cannot be used with this algorithm, such as a short one. */
function rejectionOf(error: unknown): Rejection {
  const { code, claim = '', reason } = error as Readonly<Partial<Record<'code' | 'claim' | 'reason', string>>>;
  switch (code) {
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return 'signature';
    case 'ERR_JWT_EXPIRED':
      return claim === 'iat' ? 'too_old' : 'expired';
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      if (claim === 'iat') return reason === 'check_failed' ? 'not_yet_valid' : 'claim';
      return ofClaim[claim] ?? 'claim';
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return 'algorithm';
    case 'ERR_JWS_INVALID':
    case 'ERR_JWT_INVALID':
      return 'malformed';
    default:
      return 'key';
  }
}
