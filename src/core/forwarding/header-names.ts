/** Names of headers with a meaning for a gateway. Compared lower-case and with every odd character read as "-". */

/**
 * The form in which names are compared: services behind CGI-like interfaces (RFC 3875 section 4.1.18) merge `user_id`,
 * `User-Id` and `user-id` (the class of CVE-2025-64484), and some make "_" of every other character of a token too
 * (`user.id`), so every spelling counts as one.
 */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  return odd.test(lower) ? lower.replace(everyOdd, '-') : lower;
}

const odd = /[^a-z0-9-]/;
const everyOdd = /[^a-z0-9-]/g;

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

/** By which header a service sends files through a proxy in front of it, and where they are (the class of CVE-2025-61780). */
const filePlaces = ['x-sendfile-type', 'x-accel-mapping'];

/**
 * Headers that make a service act on another method or path than the one that was authorized, or call others through
 * whom the client names (`Proxy` behind CGI-like interfaces, the class of CVE-2016-5385).
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

/** RFC 9110 section 5.6.2 token. */
export const token: RegExp = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
