/**
 * The cookie of a host other than the one where people sign in: the id of the session, sealed for this host. A script of a careless service
 * may steal what its own host has, but not what is good at another one.
 */
import { createSecretKey, hkdfSync } from 'node:crypto';
import type { OtherHosts } from '../core/credential/credential.ts';
import { plainAuthority } from '../core/url/plain-authority.ts';
import { openText, sealText } from '../sealing/sealed-text.ts';

export interface HostCookies extends OtherHosts {
  /** Value of the cookie for this authority. */
  seal(id: string, authority: string): string;
}

const maxBytes = 100;
const maxLength = 134;

const context = (authority: string) => `rolegate session at ${authority}`;

const hostOf = (origin: string) => plainAuthority(new URL(origin).host);

/** The first secret seals; all of them open. `others`: origins of the other hosts. */
export function createHostCookies(origin: string, others: readonly string[], secrets: readonly string[]): HostCookies {
  const keys = secrets.map((secret) =>
    createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', 'rolegate sign-in host', 32))),
  );
  return {
    main: hostOf(origin),
    authorities: new Set(others.map(hostOf)),
    seal: (id, authority) => sealText(id, keys[0]!, context(plainAuthority(authority))).toString('base64url'),
    open(value, authority) {
      if (value.length > maxLength) return null;
      const bytes = Buffer.from(value, 'base64url');
      for (const key of keys) {
        const id = openText(bytes, key, context(authority), maxBytes);
        if (id !== null) return id;
      }
      return null;
    },
  };
}
