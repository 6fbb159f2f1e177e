/** Header names with a meaning for a gateway, and the two small grammars that every reader of headers shares. */

/**
 * The form in which names are compared: services behind CGI-like interfaces (RFC 3875 section 4.1.18) merge `user_id`,
 * `User-Id` and `user-id` (the class of CVE-2025-64484), and some replace every other character of a token by "_" too
 * (`user.id`), so every spelling counts as one.
 */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  return odd.test(lower) ? lower.replace(everyOdd, '-') : lower;
}

const odd = /[^a-z0-9-]/;
const everyOdd = /[^a-z0-9-]/g;

/** RFC 9110 section 5.6.2 token. */
export const token: RegExp = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Removes optional whitespace (RFC 9110 section 5.6.3): space and tab. `trim()` would also remove Unicode blanks, which
 * belong to a value. A loop, because a regular expression anchored at the end is quadratic in a run of blanks.
 */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/**
 * Names that `Connection` headers list, in canonical form: they belong to this connection alone (RFC 9110 section 7.6.1).
 * Null: none beyond the usual two.
 */
export function connectionList(rawHeaders: readonly string[]): Set<string> | null {
  let listed: Set<string> | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    const value = rawHeaders[i + 1]!;
    if (value === 'keep-alive' || value === 'close') continue;
    listed ??= new Set();
    for (const part of value.split(',')) listed.add(canonicalName(trimBlanks(part)));
  }
  return listed;
}

/** Headers of one connection, never passed on in either direction (RFC 9110 section 7.6.1, RFC 9113 section 8.2.2). */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** What servers of CGI-like interfaces take from their proxy: the part of the path that is not the application's, and the rest. */
const cgiNames = ['script-name', 'path-info', 'x-script-name'];

/** Where a service finds files that a proxy in front of it sends, and by which header (the class of CVE-2025-61780). */
const filePlaces = ['x-sendfile-type', 'x-accel-mapping'];

/**
 * Headers that make a service act on another method or path than the one that was authorized, or send its own requests
 * through a proxy that the client names (`Proxy` behind CGI-like interfaces, the class of CVE-2016-5385).
 */
export const overrides: readonly string[] = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  ...cgiNames,
  ...filePlaces,
  'proxy',
];

/**
 * Carries the secret that gateways share with the Auth API: only with it does the Auth API believe what a gateway says of its
 * client. Removed from every request of a client.
 */
export const gatewayHeader = 'x-rolegate-gateway';

/**
 * What only a proxy in front can say: who the client is, or what it asked for. Services believe them, so they are removed
 * unless the peer is a trusted proxy. A name that ends in "*" stands for all that begin so.
 */
export const proxyHeaders: readonly string[] = [
  'cf-connecting-ip',
  'remote-user',
  'true-client-ip',
  'x-client-ip',
  'x-envoy-original-path',
  'x-forwarded',
  'x-host',
  'x-original-host',
  'x-original-method',
  'x-rewrite-uri',
  'x-ssl-client-*',
];

/** Forwarded headers that Rolegate writes itself. */
export const forwarded: readonly string[] = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-server',
  'x-forwarded-uri',
  'x-forwarded-method',
  'x-real-ip',
  'forwarded',
];
