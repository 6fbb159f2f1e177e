/** Origins: base URLs of services, and origins of web pages as browsers serialize them (RFC 6454 section 6.2). */
import { canonicalHost } from '../../core/url/canonical-host.ts';
import { Problem } from '../problem.ts';

const shape = /^(https?):\/\/[^\s/?#\\@]+\/?$/i;

/** Parses `http://orders-1:8080`; refuses a path, a query, userinfo and other schemes. */
export function parseOrigin(text: string, pathHint: string): string | Problem {
  if (!/^https?:\/\//i.test(text)) {
    return new Problem('expected a URL that starts with http:// or https://', 'for example "http://orders-1:8080"');
  }
  const authority = text.slice(text.indexOf('//') + 2).split(/[/?#\\]/, 1)[0]!;
  if (authority.includes('@')) return new Problem('this URL cannot contain a user name or password');
  if (!shape.test(text)) return new Problem('expected only scheme, host and port', pathHint);
  const url = canonicalHost(authority) === null ? null : URL.parse(text);
  return url?.username === '' && url.pathname === '/' ? url.origin : new Problem('this is not a valid URL');
}

const expected = 'expected the origin of a page';
const example = 'for example "https://app.example.test"';

/**
 * For comparison character by character. Parses `https://app.example.test`, `https://*.example.test` and `*`; returns lower case
 * without a default port.
 */
export function parsePageOrigin(text: string): string | Problem {
  if (text === '*') return '*';
  if (text === 'null') {
    return new Problem('"null" is the origin of every sandboxed page, and of files', 'it identifies no page');
  }
  const scheme = /^https?:\/\//i.exec(text)?.[0];
  if (scheme === undefined) return new Problem(expected, example);
  const authority = text.slice(scheme.length);
  if (/[/?#\\@]/.test(authority)) return new Problem(expected, 'only scheme, host and port; no "/" at the end');
  const wildcard = authority.startsWith('*.');
  const name = wildcard ? authority.slice(2) : authority;
  if (name.includes('*'))
    return new Problem('a "*" is allowed only in front, for whole names', '"https://*.example.test"');
  const host = canonicalHost(name);
  if (host === null || !URL.canParse(`${scheme}${name}`)) return new Problem(expected, example);
  if (wildcard && (!/[a-z]/.test(host) || host.startsWith('[') || !host.includes('.'))) {
    return new Problem('a wildcard needs a domain of at least two names behind it', '"https://*.example.test"');
  }
  const { origin } = new URL(`${scheme}${name}`);
  return wildcard ? origin.replace('://', '://*.') : origin;
}
