/**
 * The cookie of a host other than the one where people sign in: the id of the session, sealed for this host. A script of a careless service
 * may steal what its own host has, but not what is good at another one.
 */
import { createSecretKey, hkdfSync } from 'node:crypto';
import type { OtherHosts } from '../core/credential/credential.ts';
import { openText, sealText } from '../sealing/sealed-text.ts';

export interface HostCookies extends OtherHosts {
  /** Value of the cookie for this authority, in lower case. */
  seal(id: string, authority: string): string;
}

const maxBytes = 100;
const maxLength = 134;

const context = (authority: string) => `rolegate session at ${authority}`;

/** The first secret seals; all of them open. `origins`: of the other hosts. */
export function createHostCookies(origins: readonly string[], secrets: readonly string[]): HostCookies {
  const keys = secrets.map((secret) =>
    createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', 'rolegate sign-in host', 32))),
  );
  return {
    authorities: new Set(origins.map((origin) => new URL(origin).host)),
    seal: (id, authority) => sealText(id, keys[0]!, context(authority)).toString('base64url'),
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
