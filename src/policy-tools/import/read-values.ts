/** Values that several formats have: methods, URLs of services, address ranges. */
import { parseCidr } from '../../core/syntax/addresses.ts';
import { canonicalPath } from '../../core/url/canonical-path.ts';

/** Origin, and path without a slash at its end; null when it is no URL of a service. */
export function splitUrl(url: string | null): { readonly origin: string; readonly path: string } | null {
  if (url === null || !URL.canParse(url)) return null;
  const { protocol, host, pathname, username, password, search } = new URL(url);
  if ((protocol !== 'http:' && protocol !== 'https:') || username !== '' || password !== '' || search !== '')
    return null;
  const path = pathname.replace(/\/+$/, '');
  const read = path === '' ? null : canonicalPath(path);
  if (typeof read === 'string' || (read !== null && (read.path !== path || read.ambiguities !== 0))) return null;
  return { origin: `${protocol}//${host}`, path };
}

/** Ranges of a list with commas; null when one of them is none. */
export function readRanges(text: string): readonly string[] | null {
  const ranges = text.split(',').map((range) => range.trim());
  return ranges.every((range) => parseCidr(range) !== null) ? ranges : null;
}
