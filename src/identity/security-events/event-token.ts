/**
 * Verifies a token that an issuer sends about its users: a logout token or a security event token (RFC 8417), by the keys of its source.
 * This file checks what every such token must have; others interpret its content.
 */
import type { EventTokenConfig } from '../../config/source-config.ts';
import { isIdentifier } from '../../core/identity/identity-fields.ts';
import type { EventFault } from '../revocation/revocation-events.ts';
import { type Claims, isObject } from '../sources/claims.ts';
import type { Issuer } from '../sources/create-sources.ts';
import { verifyToken } from '../sources/jwt/verify-token.ts';

export interface EventToken {
  readonly tokenId: string;
  readonly issuedAtMs: number;
  /** By the URI of their type. */
  readonly events: Claims;
  readonly claims: Claims;
}

export interface EventForm {
  /** Allowed values of `typ`. */
  readonly types: readonly string[];
  readonly typeRequired: boolean;
  /** Whether `exp` is required. */
  readonly endRequired: boolean;
}

export async function verifyEvent(
  token: string,
  form: EventForm,
  { audience, maxMessageAgeMs }: EventTokenConfig,
  { config, keys }: Issuer,
  nowMs: number,
): Promise<EventToken | EventFault> {
  const { issuer, algorithms, clockSkewMs } = config;
  const claimRules = {
    requiredClaims: ['iat', 'jti', 'events'],
    requiredValues: {},
    assumeVerifiedEmail: false,
    clockSkewMs,
  };
  const verified = await verifyToken(
    token,
    { ...form, ...claimRules, issuer, algorithms, audience, maxTokenAgeMs: maxMessageAgeMs },
    keys,
    nowMs,
  );
  if ('failure' in verified) return 'unavailable';
  if ('rejection' in verified) return faultOf(verified.rejection);
  const { jti, iat, events, cnf = null } = verified.claims;
  // No event is bound to a key of a client.
  if (cnf !== null || !isIdentifier(jti) || typeof iat !== 'number' || !isObject(events)) return 'claims';
  return { tokenId: jti, issuedAtMs: Math.floor(iat) * 1000, events, claims: verified.claims };
}

function faultOf(rejection: string): EventFault {
  switch (rejection) {
    case 'too_old':
    case 'expired':
      return 'late';
    case 'audience':
    case 'issuer':
      return rejection;
    case 'signature':
    case 'algorithm':
      return 'signature';
    case 'key':
      return 'key';
    default:
      return 'claims';
  }
}
