/** Values that several formats have: methods, URLs of services, address ranges. */
import { parseCidr } from '../../core/syntax/addresses.ts';
import { canonicalPath } from '../../core/url/canonical-path.ts';
import { listOf, textOf } from './source-node.ts';
import type { SourceNode } from './source-text.ts';

/** Methods that a rule can have (`config/schema/methods.ts`); no others are ever forwarded. */
export const knownMethods: readonly string[] = (
  'GET HEAD POST PUT PATCH DELETE OPTIONS QUERY PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH REPORT ' +
  'MKCALENDAR MKACTIVITY CHECKOUT MERGE ACL BIND REBIND UNBIND LINK UNLINK PURGE NOTIFY SUBSCRIBE UNSUBSCRIBE ' +
  'M-SEARCH SOURCE'
).split(' ');

/** Null: every method. What is not known is told and left out. */
export function readMethods(
  node: SourceNode | undefined,
  tell: (why: string, at?: SourceNode) => void,
): readonly string[] | null {
  const written = listOf(node).map(textOf);
  if (written.length === 0) return null;
  const methods = written.map((method) => (method ?? '').toUpperCase());
  const unknown = methods.filter((method) => !knownMethods.includes(method));
  if (unknown.length > 0) tell(`methods ${unknown.join(', ')} are left out`, node);
  return methods.filter((method) => knownMethods.includes(method));
}

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
