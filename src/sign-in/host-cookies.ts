/**
 * The cookie of a host other than the one where people sign in: the id of the session, sealed for this host. A script of a careless service
 * may steal what its own host has, but not what is good at another one.
 */
import type { OtherHosts } from '../core/credential/credential.ts';
import { plainAuthority } from '../core/url/plain-authority.ts';
import { createSeal } from '../sealing/seal-for-browsers.ts';

export interface HostCookies extends OtherHosts {
  /** Value of the cookie for this authority. */
  seal(id: string, authority: string): string;
}

const maxBytes = 100;

const context = (authority: string) => `rolegate session at ${authority}`;

const hostOf = (origin: string) => plainAuthority(new URL(origin).host);

/** The first secret seals; all of them open. `others`: origins of the other hosts. */
export function createHostCookies(origin: string, others: readonly string[], secrets: readonly string[]): HostCookies {
  const sealed = createSeal(secrets, 'rolegate sign-in host', maxBytes);
  return {
    main: hostOf(origin),
    authorities: new Set(others.map(hostOf)),
    seal: (id, authority) => sealed.seal(id, context(plainAuthority(authority))),
    open: (value, authority) => sealed.open(value, context(authority))?.text ?? null,
  };
}
