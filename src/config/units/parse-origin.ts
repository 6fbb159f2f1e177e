/** Base addresses of services: scheme, host and port, and nothing that a request could be confused by. */
import { canonicalHost } from '../../core/url/canonical-host.ts';

export type Origin = { readonly origin: string } | { readonly refused: string; readonly hint: string | null };

const shape = /^(https?):\/\/[^\s/?#\\@]+\/?$/i;

/** Reads `http://orders-1:8080`; refuses a path, a query, userinfo and other schemes. */
export function parseOrigin(text: string, pathHint: string): Origin {
  const refuse = (refused: string, hint: string | null = null): Origin => ({ refused, hint });
  if (!/^https?:\/\//i.test(text)) {
    return refuse('expected a URL that starts with http:// or https://', 'for example "http://orders-1:8080"');
  }
  const authority = text.slice(text.indexOf('//') + 2).split(/[/?#\\]/, 1)[0]!;
  if (authority.includes('@')) return refuse('a URL here has no user name or password in it');
  if (!shape.test(text)) return refuse('expected only scheme, host and port', pathHint);
  if (canonicalHost(authority) === null || !URL.canParse(text)) return refuse('this is not a valid URL');
  const url = new URL(text);
  return url.username === '' && url.pathname === '/' ? { origin: url.origin } : refuse('this is not a valid URL');
}
