/**
 * The cookie that carries a bearer for web pages. It is set when a session is requested, not when its code is verified, so the bearer goes
 * directly into the cookie jar and no script ever sees it. Until the code is verified it grants no access.
 */
import { isSameOrigin } from '../../core/credential/same-origin.ts';
import type { PresentedRequest } from '../../operations/operation.ts';
import { Refusal } from '../outcome/refusals.ts';

/** Where a client wants its bearer: in the response, for `Authorization`, or in the cookie. */
export type Carrier = 'header' | 'cookie';

/** `HttpOnly` keeps it from scripts, `Lax` from requests that other sites cause (RFC 6265bis section 4.1.2). */
const attributes = 'HttpOnly; Secure; SameSite=Lax; Path=/';

/** Value of `Set-Cookie`; the cookie expires with the session. */
export function sessionCookie(name: string, bearer: string, expireAtMs: number, nowMs: number): string {
  const maxAgeS = Math.max(0, Math.floor((expireAtMs - nowMs) / 1000));
  return `${name}=${bearer}; ${attributes}; Max-Age=${maxAgeS}`;
}

export function endedCookie(name: string): string {
  return `${name}=; ${attributes}; Max-Age=0`;
}

/**
 * Null: allowed. Refuses a cookie if none is configured (400), and for another site's page (403), which could sign in its visitor as
 * another user.
 */
export function refuseCarrier(carrier: Carrier, presented: PresentedRequest, cookie: string | null): Refusal | null {
  if (carrier === 'header') return null;
  if (cookie === null) return new Refusal('parameters_invalid', { members: { invalid: ['carrier'] } });
  return isSameOrigin(presented, presented.rawHeaders) ? null : new Refusal('cross_site_request');
}
