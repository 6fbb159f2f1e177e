/**
 * Settings that are valid but admit or expose more than an author usually intends: whom to trust, who reaches the admin port, where
 * calls go.
 */
import type { Config } from '../../config/config.ts';
import type { PortTlsConfig } from '../../config/listener-config.ts';
import { holdEveryAddress, holdWhole } from '../../core/syntax/addresses.ts';
import { factsOf } from '../../tls/certificate-names.ts';
import { conditionPlace } from './condition-places.ts';
import { type Finding, findingOf } from './finding.ts';

/** Whether a connection to an origin reaches the listener at an address. */
export type LeadsTo = (origin: string, address: { readonly host: string; readonly port: number }) => boolean;

export function unsafeSettings(config: Config, leadsTo: LeadsTo, nowMs: number): readonly Finding[] {
  return [
    ...trustedPeers(config),
    ...trustedBlocks(config),
    ...openAdminPort(config, leadsTo),
    ...ownAuthApi(config, leadsTo),
    ...plainIssuers(config),
    ...unusedSources(config),
    ...portsZero(config),
    ...everyAddress(config),
    ...unknownSignIns(config),
    ...invalidCertificates(config, nowMs),
  ];
}

function trustedPeers({ server }: Config): readonly Finding[] {
  if (!server.trustEveryPeer) return [];
  const message = 'every client can choose its address, host and scheme: X-Forwarded-* of every peer is trusted';
  const hint = 'list the proxies in front under "server.trustedProxies"';
  return [settingFinding('every_peer_trusted', ['server', 'trustEveryPeer'], message, hint)];
}

/** Networks of private addresses (RFC 1918, RFC 4193, RFC 6598): other machines than the proxies are in them, too. */
const privateBlocks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fd00::/8'];

function trustedBlocks({ server }: Config): readonly Finding[] {
  if (server.trustEveryPeer) return [];
  const blocks = privateBlocks.filter((block) => holdWhole(server.trustedRanges, block));
  if (blocks.length === 0) return [];
  const message = `every machine in ${blocks.join(', ')} can choose the address, host and scheme of its requests`;
  const hint = 'list the addresses or the networks of the proxies in front alone';
  return [settingFinding('private_block_trusted', ['server', 'trustedProxies'], message, hint)];
}

function openAdminPort({ server }: Config, leadsTo: LeadsTo): readonly Finding[] {
  const { admin, adminTokens } = server;
  if (admin === null || adminTokens.length > 0) return [];
  const isLoopback = !isEveryInterface(admin.host) && leadsTo(`http://127.0.0.1:${admin.port}`, admin);
  if (isLoopback) return [];
  const message = 'the admin port is reachable from other machines and requires no token';
  const hint = 'set "server.adminToken", or listen on 127.0.0.1';
  return [settingFinding('admin_open', ['server', 'admin'], message, hint)];
}

function isEveryInterface(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

function ownAuthApi({ authApi, server }: Config, leadsTo: LeadsTo): readonly Finding[] {
  if (authApi?.kind !== 'remote') return [];
  const own = [...server.listeners.map(({ address }) => address), server.admin].filter((address) => address !== null);
  if (!authApi.urls.some((url) => own.some((address) => address.port !== 0 && leadsTo(url, address)))) return [];
  const message = 'the Auth API is this gateway itself, so no credential is ever accepted';
  const hint = 'set the address of the Auth API, or run it in the gateway with "authApi.embedded"';
  return [settingFinding('auth_api_is_gateway', ['authApi', 'url'], message, hint)];
}

function plainIssuers({ sources }: Config): readonly Finding[] {
  return sources.flatMap((source) => {
    if (source.kind !== 'jwt' || source.keys.from === 'files') return [];
    const [key, url] = source.keys.from === 'jwks' ? ['jwks', source.keys.url] : ['issuer', source.issuer];
    const { protocol, hostname } = new URL(url);
    if (protocol === 'https:' || isLoopback(hostname)) return [];
    const message = `the keys of the source "${source.name}" are fetched without TLS: an attacker on the network can replace them`;
    return [
      settingFinding('issuer_without_tls', ['sources', source.name, key], message, 'use https, or "keys" from files'),
    ];
  });
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
}

function unusedSources({ sources, sourceRule }: Config): readonly Finding[] {
  const { bearer, keyPair, apiKey, certificate, issuers } = sourceRule;
  const names = new Set([bearer, keyPair, apiKey, certificate, ...issuers.map(({ source }) => source)]);
  for (const source of sources) if (source.kind === 'jwt') names.add(source.introspection);
  return sources
    .filter(({ name, kind }) => kind !== 'session' && !names.has(name))
    .map(({ name }) => {
      const hint = 'use it under "credentials", or remove it';
      return settingFinding('source_unused', ['sources', name], `the source "${name}" receives no credential`, hint);
    });
}

function portsZero({ upstreams, authApi }: Config): readonly Finding[] {
  const isZero = (origin: string) => new URL(origin).port === '0';
  const hint = 'port 0 means any free port of a server, and no client can connect to it';
  const findings = [...upstreams.values()].flatMap(({ name, targets }) => {
    // The `auth-api` upstream is derived from the URLs of the Auth API.
    if (name === 'auth-api' || !targets.some(isZero)) return [];
    const message = `the upstream "${name}" has a target with port 0, which is unreachable`;
    return [findingOf('port_zero', name, { kind: 'upstream', name }, message, { hint })];
  });
  if (authApi?.kind !== 'remote' || !authApi.urls.some(isZero)) return findings;
  const message = 'the Auth API has port 0, which is unreachable';
  return [...findings, settingFinding('port_zero', ['authApi', 'url'], message, hint)];
}

function invalidCertificates({ server, authorizer }: Config, nowMs: number): readonly Finding[] {
  const ports: readonly (readonly [tls: PortTlsConfig | null | undefined, ...path: string[]])[] = [
    ...server.listeners.map(({ tls }, index) => [tls, 'server', 'listen', String(index), 'tls'] as const),
    [server.adminTls, 'server', 'adminTls'],
    [authorizer?.tls, 'authorizer', 'tls'],
    [authorizer?.grpc?.tls, 'authorizer', 'grpc', 'tls'],
  ];
  return ports.flatMap(([tls, ...place]) =>
    (tls?.certificates ?? []).flatMap((certificate) => {
      const { validFromMs, expiresAtMs } = factsOf(certificate);
      if (validFromMs <= nowMs && nowMs < expiresAtMs) return [];
      const message = `the certificate in "${certificate.file}" ${expiresAtMs <= nowMs ? 'has expired' : 'is not valid yet'}, so clients refuse it`;
      return [
        settingFinding(
          'certificate_invalid',
          [...place, 'certificates'],
          message,
          'renew it; changed files are reloaded',
        ),
      ];
    }),
  );
}

/** Sign-in age limits that refuse everyone, because no source provides the time of sign-in. */
function unknownSignIns({ authApi, sources, routes }: Config): readonly Finding[] {
  const all = authApi === null ? sources : [authApi, ...sources];
  const isRead = all.some(({ fields }) =>
    ('session' in fields ? [fields.session, fields.keyPair] : [fields]).some((one) => one.authenticatedAt !== null),
  );
  if (isRead) return [];
  const hint = 'set the field of the source: "fields: { authenticatedAt: auth_time }"';
  return routes.routes.flatMap((route) =>
    (route.conditions ?? []).flatMap((criterion) => {
      if (criterion.reason !== 'sign_in_too_old') return [];
      const { subject, place } = conditionPlace(route, criterion);
      const message = 'no source reads the time of the sign-in, so this refuses every request';
      return [findingOf('sign_in_unknown', subject, place, message, { hint })];
    }),
  );
}

function everyAddress({ routes }: Config): readonly Finding[] {
  return routes.routes.flatMap((route) =>
    (route.conditions ?? []).flatMap((criterion) => {
      const { word, steps } = criterion;
      if (!steps.some((step) => step.kind === 'address' && holdsEvery(step.ranges))) return [];
      const { subject, place } = conditionPlace(route, criterion);
      const message = `the ranges of the condition "${word}" contain every address`;
      return [findingOf('condition_every_address', subject, place, message, { hint: 'list the intended networks' })];
    }),
  );
}

/** Routes share long lists. */
const known = new WeakMap<readonly string[], boolean>();

function holdsEvery(ranges: readonly string[]): boolean {
  const result = known.get(ranges) ?? holdEveryAddress(ranges);
  known.set(ranges, result);
  return result;
}

function settingFinding(
  code: Parameters<typeof findingOf>[0],
  path: readonly string[],
  message: string,
  hint: string,
): Finding {
  return findingOf(code, path.join('.'), { kind: 'setting', path }, message, { hint });
}
