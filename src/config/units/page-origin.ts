/** Origins of web pages as browsers serialize them (RFC 6454 section 6.2), for comparison character by character. */
import { canonicalHost } from '../../core/url/canonical-host.ts';

export type PageOrigin = { readonly origin: string } | { readonly refused: string; readonly hint: string | null };

const expected = 'expected the origin of a page';
const example = 'for example "https://app.example.test"';

/** Reads `https://app.example.test`, `https://*.example.test` and `*`; lower case, without a default port. */
export function pageOrigin(text: string): PageOrigin {
  if (text === '*') return { origin: '*' };
  if (text === 'null') {
    return { refused: '"null" is the origin of every sandboxed page, and of files', hint: 'no page can be told by it' };
  }
  const scheme = /^https?:\/\//i.exec(text)?.[0];
  if (scheme === undefined) return { refused: expected, hint: example };
  const authority = text.slice(scheme.length);
  if (/[/?#\\@]/.test(authority)) return { refused: expected, hint: 'only scheme, host and port; no "/" at the end' };
  const wildcard = authority.startsWith('*.');
  const name = wildcard ? authority.slice(2) : authority;
  if (name.includes('*'))
    return { refused: 'a "*" stands only in front, for whole names', hint: '"https://*.example.test"' };
  const host = canonicalHost(name);
  if (host === null || !URL.canParse(`${scheme}${name}`)) return { refused: expected, hint: example };
  if (wildcard && (!/[a-z]/.test(host) || host.startsWith('[') || !host.includes('.'))) {
    return { refused: 'a wildcard needs a domain of at least two names behind it', hint: '"https://*.example.test"' };
  }
  const { origin } = new URL(`${scheme}${name}`);
  return { origin: wildcard ? origin.replace('://', '://*.') : origin };
}
