/** URLs of services. */
import { canonicalPath } from '../../core/url/canonical-path.ts';

/** Origin, and path without a trailing slash; null if it is not the URL of a service. */
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
