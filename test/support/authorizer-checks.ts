/** Checks as other proxies send them, for each dialect: their version of a client's request, byte for byte. */
import type { DialectName } from '../../src/authorizer/dialect.ts';
import type { RequestView } from '../../src/core/request/request-view.ts';

export interface CheckedRequest extends Pick<RequestView, 'method' | 'target' | 'rawHeaders'> {
  /** Address of the client; unset: 127.0.0.1. */
  readonly client?: string | undefined;
}

export function getCheck(target: string, headers: readonly string[] = [], client?: string): CheckedRequest {
  const request = { method: 'GET', target, rawHeaders: ['Host', 'api.example.test', ...headers] };
  return client === undefined ? request : { ...request, client };
}

/** Paths that the tests configure. */
export const checkPaths = {
  nginx: '/nginx',
  traefik: '/traefik',
  caddy: '/caddy',
  haproxy: '/haproxy',
  envoy: '/envoy',
  'gateway-api': '/gateway-api',
} as const satisfies Record<DialectName, string>;

/** What a client sends to its proxy, as lines: names and values. */
type Lines = readonly (readonly [name: string, value: string])[];

export function checkBytes(dialect: DialectName, request: CheckedRequest, path: string = checkPaths[dialect]): Buffer {
  const lines = checkLines(dialect, request, path);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

export function checkLines(dialect: DialectName, request: CheckedRequest, path: string): string[] {
  const { method, target } = request;
  const client = request.client ?? '127.0.0.1';
  const all = linesOf(request.rawHeaders);
  const host = all.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? '';
  const own: Lines = [
    ...all.filter(([name]) => !ofConnection.has(name.toLowerCase()) && !/^x-forwarded-proto$/i.test(name)),
    ['X-Forwarded-Proto', 'http'],
  ];
  const chain = own.filter(([name]) => /^x-forwarded-for$/i.test(name)).map(([, value]) => value);
  const others = own.filter(([name]) => !/^x-forwarded-for$/i.test(name));
  const forwardedFor: Lines = [['X-Forwarded-For', [...chain, client].join(', ')]];
  switch (dialect) {
    case 'nginx':
    case 'haproxy':
      return written(`GET ${path}`, [
        ['Host', 'authorizer.test'],
        ['X-Original-Method', method],
        ['X-Original-URI', target],
        ['X-Original-Host', host],
        ['X-Real-IP', client],
        ...own.filter(([name]) => !/^x-(?:original-(?:method|uri|host)|real-ip)$/i.test(name)),
      ]);
    case 'traefik':
    case 'caddy':
      return written(`GET ${path}`, [
        ['Host', dialect === 'caddy' ? host : 'authorizer.test'],
        ...others.filter(([name]) => !/^x-forwarded-(?:method|uri|host)$/i.test(name)),
        ['X-Forwarded-Method', method],
        ['X-Forwarded-Uri', target],
        ['X-Forwarded-Host', host],
        ...forwardedFor,
      ]);
    case 'envoy':
      return written(`${method} ${path}${target}`, [
        ['Host', host],
        ...others,
        ...forwardedFor,
        ['Content-Length', '0'],
      ]);
    case 'gateway-api':
      return written(`GET ${path}`, [
        ['Host', host],
        ...own.filter(([name]) => !/^(?:method|path)$/i.test(name)),
        ['Method', method],
        ['Path', target],
      ]);
  }
}

/** What every proxy handles on its own connection. */
const ofConnection = new Set(['host', 'connection', 'content-length', 'expect', 'te', 'transfer-encoding', 'upgrade']);

function linesOf(rawHeaders: readonly string[]): Lines {
  return rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1]!] as const] : []));
}

function written(line: string, headers: Lines): string[] {
  return [`${line} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
}
