/**
 * The request as the application sees it: what a service would receive, instead of what the client sent. The path is the decided one,
 * client headers cannot imitate ours, and trailers are dropped.
 */
import type { IncomingMessage } from 'node:http';
import type { Grant } from './grant.ts';

/** `headers`: alternating names and values. */
export function showRequest(message: IncomingMessage, path: string, headers: readonly string[], grant: Grant): void {
  message.url = path;
  // Express has saved it earlier, and mounted routers use it.
  if ('originalUrl' in message) message.originalUrl = path;
  message.rawHeaders.splice(0, Number.POSITIVE_INFINITY, ...headers);
  const { joined, distinct } = byName(headers);
  set(message, 'headers', joined);
  set(message, 'headersDistinct', distinct);
  Object.defineProperty(message, 'rawTrailers', { get: () => [], set() {} });
  set(message, 'trailers', {});
  set(message, 'trailersDistinct', {});
  Object.defineProperty(message, 'rolegate', { value: grant });
}

/** On the request itself, where it comes before the accessors of its class. */
function set(message: IncomingMessage, name: string, value: object): void {
  Object.defineProperty(message, name, { value, writable: true, configurable: true, enumerable: true });
}

/** Names of which Node keeps the first value (https://nodejs.org/api/http.html#messageheaders). */
const single: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
]);

/** Like Node, which builds `headers` and `headersDistinct` from raw lines. */
function byName(headers: readonly string[]): {
  readonly joined: NodeJS.Dict<string | string[]>;
  readonly distinct: NodeJS.Dict<string[]>;
} {
  const distinct: NodeJS.Dict<string[]> = Object.create(null);
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    const values = distinct[name];
    if (values === undefined) distinct[name] = [headers[i + 1]!];
    else values.push(headers[i + 1]!);
  }
  const joined: NodeJS.Dict<string | string[]> = {};
  for (const [name, values = []] of Object.entries(distinct)) {
    const value =
      name === 'set-cookie' ? values : single.has(name) ? values[0] : values.join(name === 'cookie' ? '; ' : ', ');
    Object.defineProperty(joined, name, { value, writable: true, configurable: true, enumerable: true });
  }
  return { joined, distinct };
}
