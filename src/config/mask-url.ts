/** Hides what a URL may contain of secrets: its userinfo, and the values of its query. */

/** Up to the scheme, which a variable may contain; then userinfo, the rest before the query, and the query with what follows. */
const url = /^((?:\$\{\w+(?::-|\}))?[a-z\d+.-]*:\/\/)([^/\\?#]*@)?([^?]*)(?:\?(.*))?$/is;

/** A text that is not a URL is returned as it is. */
export function maskUrl(text: string): string {
  const [, scheme, userinfo, rest, query] = url.exec(text) ?? [];
  if (scheme === undefined) return text;
  const masked = query?.split('&').map((one) => (one.includes('=') ? `${one.slice(0, one.indexOf('='))}=***` : '***'));
  return `${scheme}${userinfo === undefined ? '' : '***@'}${rest}${masked === undefined ? '' : `?${masked.join('&')}`}`;
}
