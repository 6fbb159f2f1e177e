/** What a logout token revokes (OpenID Connect Back-Channel Logout 1.0, section 2.4): a session, or everything of a user. */
import type { LogoutConfig } from '../../config/source-config.ts';
import { isIdentifier } from '../../core/identity/identity-fields.ts';
import type { Revocation } from '../revocation/tombstones.ts';
import { type Claims, isObject } from '../sources/claims.ts';
import type { Issuer } from '../sources/create-sources.ts';
import type { EventForm, EventToken } from './event-token.ts';

/** Providers write `logout+jwt`, `JWT`, or nothing. The other requirements exclude tokens of other kinds. */
export const logoutForm: EventForm = { types: ['logout+jwt', 'jwt'], typeRequired: false, endRequired: true };

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** Null: not a logout token. A `nonce` would make it an ID token. */
export function revokedByLogout(
  { claims, events, issuedAtMs }: EventToken,
  { ends }: LogoutConfig,
  { source, dependents }: Pick<Issuer, 'source' | 'dependents'>,
): readonly Revocation[] | null {
  const { sub, sid } = claims;
  const event = Object.hasOwn(events, logoutEvent) ? events[logoutEvent] : undefined;
  if (!isObject(event) || 'nonce' in claims) return null;
  if ((sub !== undefined && !isIdentifier(sub)) || (sid !== undefined && !isIdentifier(sid))) return null;
  if (sub === undefined && sid === undefined) return null;
  const session: Revocation[] = sid === undefined ? [] : [{ kind: 'session', id: sid, source }];
  const whole = sid === undefined || ends === 'user';
  const user: Revocation[] =
    sub === undefined || !whole ? [] : [{ kind: 'user', id: sub, source, issuedBeforeMs: issuedAtMs }];
  return [...session, ...user, ...dependents.flatMap((name) => atAsked(name, sid, sub))];
}

/** Session and user, because many results of the source contain no session; other tokens of the user are looked up again. */
function atAsked(source: string, sid: string | undefined, sub: string | undefined): readonly Revocation[] {
  return [
    ...(sid === undefined ? [] : [{ kind: 'session', id: sid, source } as const]),
    ...(sub === undefined ? [] : [{ kind: 'user', id: sub, source } as const]),
  ];
}

/** Whose sessions end. */
export interface LoggedOut {
  readonly issuer: string;
  readonly subject: string;
  /** Only the session that the provider calls so; null: all. */
  readonly providerSession: string | null;
}

/** Of a token that `revokedByLogout` has read. Null: it names only a session. */
export function loggedOut({ sub, sid }: Claims, { issuer, logout }: Issuer['config']): LoggedOut | null {
  if (typeof sub !== 'string') return null;
  const providerSession = typeof sid === 'string' && logout?.ends === 'session' ? sid : null;
  return { issuer, subject: sub, providerSession };
}
