/**
 * Where a person goes after signing in: an address of the own origin in its canonical form, with query and fragment. Everything else, such as
 * `//host`, `/\host`, another origin or a control character, is the root, so a link to sign-in never leads elsewhere (open redirect).
 */
import { ownPaths } from '../core/credential/sign-in.ts';
import { canonicalPath } from '../core/url/canonical-path.ts';
import { plainAuthority } from '../core/url/plain-authority.ts';
import { handOverPrefix, paths } from './paths.ts';

export const homePath = '/';
/** Longer addresses do not fit through the provider. */
export const maxReturnLength = 4_000;

/** Pages of the gateway that lead nowhere by themselves. */
const destinations: readonly string[] = [paths.sessions, paths.account, paths.passkeys, paths.people, paths.signedIn];

function isDestination(path: string): boolean {
  // Leads on to another host of the gateway, with a pass that only the browser there can use that began.
  return destinations.includes(path) || path.startsWith(handOverPrefix);
}

/** `origin`: of the gateway; an absolute address must be one of its host. Without TLS, it gets TLS. */
export function returnAddress(text: string | null, origin: string): string {
  if (text === null || text.length > maxReturnLength) return homePath;
  const [, authority = null, rest = ''] = /^https?:\/\/([^/?#\\]*)(\/.*)$/s.exec(text) ?? [];
  const isAbsolute = authority !== null && plainAuthority(authority) === plainAuthority(new URL(origin).host);
  const address = isAbsolute ? rest : text;
  const [, path = '', query = '', fragment = ''] = /^(\/[^?#]*)(\?[^#]*)?(#.*)?$/s.exec(address) ?? [];
  const canonical = canonicalPath(path);
  if (path === '' || path.startsWith('//') || typeof canonical === 'string') return homePath;
  // Pages of the gateway itself would lead back here. What is ambiguous to a service is refused unless its route keeps it.
  const isOwn = canonical.path.startsWith(ownPaths) && !isDestination(canonical.path);
  if (isOwn) return homePath;
  const whole = canonical.path + escapeRest(query) + escapeRest(fragment);
  return whole.length > maxReturnLength ? homePath : whole;
}

/** Characters that an address cannot contain as they are. Slashes and dots in a query or a fragment have no meaning to a browser. */
function escapeRest(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]/gu, (char) => encodeURIComponent(char));
}
