/** Who opened a session, and until when its tokens are good. */
import { accountSource, type NamedSessionSource } from '../../../config/source-config.ts';
import type { ForwardedToken } from '../../../core/routing/route.ts';
import type { SessionTokens, StoredSession } from '../../sessions/session-store.ts';
import { readParts } from '../jwt/token-parts.ts';

/** Who opened a session, and may refresh it. */
export type Issuing = NamedSessionSource | (typeof ofAccounts & { readonly timeoutMs: number });

export const ofAccounts = { name: accountSource, issuer: accountSource, maxClaimsAgeMs: null } as const;

/** When the token ends, in milliseconds since the epoch; null: unknown; 0: there is none yet. An ID token itself states it. */
export function endOf({ id, expiresAtMs }: SessionTokens, which: ForwardedToken): number | null {
  if (which === 'access') return expiresAtMs;
  if (id === null) return 0;
  const end = readParts(id)?.claims['exp'];
  return typeof end === 'number' ? end * 1000 : null;
}

/** When the provider must have been asked again, in milliseconds since the epoch; infinite: never. */
export function freshUntil(
  tokens: SessionTokens,
  { maxClaimsAgeMs }: Pick<Issuing, 'maxClaimsAgeMs'>,
  which: ForwardedToken,
): number {
  const { refresh, receivedAtMs } = tokens;
  const tokenEndMs = refresh === null ? null : endOf(tokens, which);
  const claimsEndMs = maxClaimsAgeMs === null ? Infinity : receivedAtMs + maxClaimsAgeMs;
  return Math.min(tokenEndMs ?? Infinity, claimsEndMs);
}

export function isRefreshed({ tokens }: StoredSession, before: StoredSession): boolean {
  return tokens.receivedAtMs !== before.tokens.receivedAtMs;
}

/** As in `Authorization` (RFC 6750 section 2.1). */
export const tokenForm = /^[A-Za-z0-9\-._~+/]+=*$/;
