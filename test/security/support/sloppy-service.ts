/**
 * How a lenient service interprets a request: it decodes twice, strips path parameters and NUL, converts backslashes,
 * resolves dot segments, merges `_` with `-`, and trusts trailers, method overrides and rewritten URLs. An attack has
 * done harm if, in any of these interpretations, the service does something that the client is not allowed to do.
 */
import type { LenientRequest } from './lenient-reading.ts';

export const harms = [
  'protected path',
  'protected method',
  'protected host',
  'forged identity',
  'lost identity',
  'hidden request',
  'leaked credential',
  'forged origin',
  'forged host',
  'replayable change',
  'forged proxy',
] as const;
export type Harm = (typeof harms)[number];

/** Building blocks of the attacks in these tests. */
export const forged = { user: 'root', address: '6.6.6.6', host: 'evil.test', hidden: '/smuggled' } as const;
export const known = {
  user: { token: 'user-token-0001', key: 'user-key-0001', secret: 'user-secret-0001', id: 'ann' },
  admin: { token: 'admin-token-0001', id: 'boss' },
} as const;

/** The virtual host that only the administrator may use. */
export const guardedHost = 'secret.test';

/** All harm done by serving this request. */
export function harmsOf(request: LenientRequest): Harm[] {
  const found: Harm[] = [];
  const values = mergedHeaders(request);
  const ids = values('user-id');
  const paths = servedPaths(request);
  const isAdmin = ids.length === 1 && ids[0] === known.admin.id;
  if (!isAdmin && paths.some((path) => isUnder(path, '/admin'))) found.push('protected path');
  if (!isAdmin && methodsOf(request).includes('DELETE') && paths.some((path) => isUnder(path, '/items')))
    found.push('protected method');
  if ([...ids, ...values('groups')].some((value) => value.includes(forged.user))) found.push('forged identity');
  if (!isAdmin && hostsOf(request).includes(guardedHost)) found.push('protected host');
  if (isUnder(pathOf(request.target), '/private') && ids.length === 0) found.push('lost identity');
  if (request.target.includes(forged.hidden)) found.push('hidden request');
  const guarded = ['/private', '/admin', '/items'].some((prefix) => isUnder(pathOf(request.target), prefix));
  const secrets = [known.user.token, known.user.secret, known.admin.token];
  const carried = ['authorization', 'api-key', 'api-secret', 'sec-websocket-protocol'].flatMap(values).join('\n');
  if (guarded && secrets.some((secret) => carried.includes(secret))) found.push('leaked credential');
  if (values('proxy').length > 0) found.push('forged proxy');
  if (values('early-data').length > 0 && !['GET', 'HEAD', 'OPTIONS'].includes(request.method))
    found.push('replayable change');
  const origin = ['x-forwarded-for', 'x-real-ip', 'forwarded'];
  if (origin.some((name) => values(name).some((value) => value.includes(forged.address)))) found.push('forged origin');
  const hosts = ['host', 'x-forwarded-host', 'forwarded', 'x-forwarded-server'];
  if (hosts.some((name) => values(name).some((value) => value.includes(forged.host)))) found.push('forged host');
  return found;
}

/** Values of a header in headers and trailers, with `_` equal to `-` in its name. */
function mergedHeaders(request: LenientRequest): (name: string) => string[] {
  const all = [...request.headers, ...request.trailers];
  return (name) => all.filter(([own]) => own.toLowerCase().replaceAll('_', '-') === name).map(([, value]) => value);
}

/** Host names that the service may read from the request: without case, port, user and trailing dot. */
function hostsOf(request: LenientRequest): string[] {
  const named = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(request.target)?.[1];
  const all = [...mergedHeaders(request)('host'), ...(named === undefined ? [] : [named])];
  return all
    .flatMap((host) => host.split(/[ ,]+/))
    .map((host) => decoded(host).toLowerCase().replace(/^.*@/, '').replace(/:\d*$/, '').replace(/\.$/, ''));
}

function methodsOf(request: LenientRequest): string[] {
  const values = mergedHeaders(request);
  const overrides = ['x-http-method-override', 'x-http-method', 'x-method-override'].flatMap(values);
  return [request.method, ...overrides].map((method) => method.trim().toUpperCase());
}

/** Every path that the service may read from the request. */
export function servedPaths(request: LenientRequest): string[] {
  const values = mergedHeaders(request);
  const overrides = [
    'path-info',
    'x-original-url',
    'x-rewrite-url',
    'x-original-uri',
    'x-forwarded-uri',
    'x-forwarded-path',
  ];
  const mounted = ['script-name', 'x-script-name'].flatMap(values).map((name) => behind(name, request.target));
  const targets = [request.target, ...overrides.flatMap(values), ...mounted];
  const paths = new Set<string>();
  for (const target of targets) {
    const path = pathOf(target);
    for (const once of [path, decoded(path)]) {
      for (const twice of [once, decoded(once)]) {
        for (const cut of [twice, twice.split(/[\0#?]/)[0] ?? '']) {
          for (const plain of [cut, withoutParameters(cut), fitted(cut)])
            paths.add(resolved(plain.replaceAll('\\', '/')));
        }
      }
    }
  }
  return [...paths];
}

/** The path as a CGI-like server reads it for an application mounted at `name`. */
function behind(name: string, target: string): string {
  const rest = target.slice(target.indexOf(name) + name.length);
  return name !== '' && target.includes(name) ? `/${rest}` : target;
}

function pathOf(target: string): string {
  const withoutAuthority = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  return withoutAuthority.split('?')[0] ?? '';
}

/** Decodes escapes and keeps broken ones; overlong UTF-8 and `%uXXXX` as lenient decoders do. */
function decoded(path: string): string {
  return path
    .replace(/%u00([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/%c([01])%([89ab][0-9a-f])/gi, (_, high: string, low: string) =>
      String.fromCharCode(((Number.parseInt(high, 16) & 1) << 6) | (Number.parseInt(low, 16) & 0x3f)),
    )
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** `/a;x=1/b` is `/a/b`, and `/a/..;/b` is `/a/../b`. */
function withoutParameters(path: string): string {
  return path.replace(/;[^/]*/g, '');
}

/** Dot segments of characters compatible with dots and slashes, or with spaces in between, are dot segments. */
function fitted(path: string): string {
  return path
    .split('/')
    .map((segment) => {
      const written = Buffer.from(segment, 'latin1').toString('utf8');
      const text = written
        .normalize('NFKC')
        .replace(/[\u2044\u2215\u2216\xa5\u20a9]/g, '/')
        .replaceAll('\u3002', '.')
        .replace(/\p{Cf}/gu, '');
      const parts = text.split(/[/\\]/).map(withoutEnds);
      return parts.join('/') === written ? segment : parts.join('/');
    })
    .join('/');
}

/** Without surrounding spaces and trailing dots; only dots and spaces are a dot segment. */
function withoutEnds(segment: string): string {
  const dots = segment.replace(/[\s\p{Z}\x85]/gu, '');
  if (/^\.{1,2}$/.test(dots)) return dots;
  return segment.replace(/^[\s\p{Z}\x85]+|[\s\p{Z}\x85.]+$/gu, '');
}

/** Merges slashes and resolves dot segments, ignoring spaces and control characters around a segment. */
function resolved(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/').map((text) => text.replace(/[\0-\x20\x7f]/g, ''))) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}
