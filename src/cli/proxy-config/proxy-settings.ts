/** The settings that another proxy's configuration needs to apply the decisions of this gateway, for every product. */
import { isIP } from 'node:net';
import type { DialectName } from '../../authorizer/dialect.ts';
import { managedNames } from '../../authorizer/managed-headers.ts';
import type { Config, PortTlsConfig } from '../../config/config.ts';
import { canonicalName } from '../../core/syntax/header-fields.ts';
import { authorizerHeader, forwarded, gatewayHeader, overrides, proxyHeaders } from '../../core/syntax/header-names.ts';
import { readsOf } from '../../policy-tools/replay/decision-record.ts';
import { CommandError, ExitCode } from '../exit-code.ts';

export interface ProxySettings {
  /** Where Rolegate listens for checks. */
  readonly authorizer: Place | { readonly path: string };
  /** Of the dialect; empty over gRPC. */
  readonly checkPath: string;
  /** Checks over gRPC instead of HTTP. */
  readonly grpc: boolean;
  /** TLS of checks; null: without. */
  readonly tls: { readonly clientCertificate: boolean } | null;
  /** Checks carry the shared secret, which is never printed. */
  readonly secret: boolean;
  /** A proxy waits slightly longer than Rolegate, so that the refusal of Rolegate arrives first. */
  readonly waitMs: number;
  /** Headers whose value the response to a check determines; lower case. */
  readonly identity: readonly string[];
  readonly credentials: readonly string[];
  /** Headers that services never receive from a client; one that ends in "*" is a prefix. */
  readonly removed: readonly string[];
  /** Headers of a client that a decision may depend on. */
  readonly read: readonly string[];
  readonly webSockets: boolean;
  /** The authorizer serves the pages of sign-in over HTTP, below `ownPaths`; null: there are none. `host`: that of the protected pages. */
  readonly signIn: { readonly host: string } | null;
  /** The largest body that a route accepts; `Infinity`: any. */
  readonly maxBodyBytes: number;
  /** Maximum headers of a client's request. */
  readonly headerCount: number;
  /** Addresses of proxies in front of the proxy; empty: clients connect to it directly. */
  readonly trustedRanges: readonly string[];
  readonly service: Place & { readonly tls: boolean };
  /** Where clients connect. */
  readonly listen: Place;
}

export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface PlaceOptions {
  readonly service?: string;
  readonly listen: string;
  readonly authorizer?: string;
  /** Check over gRPC. If unset: if the configuration has no path for the dialect and the product supports it. */
  readonly grpc?: boolean;
}

/** Added to Rolegate's own limit, for the round trip. */
const wayMs = 1_000;

export function proxySettings(config: Config, dialect: DialectName, options: PlaceOptions): ProxySettings {
  const { authorizer, credentials, routes, server } = config;
  const ways = waysToAsk(authorizer, dialect, options);
  if (authorizer === null || ways === null) {
    const example =
      options.grpc === true
        ? 'authorizer: { grpc: { listen: "127.0.0.1:8071" } }'
        : `authorizer: { listen: "127.0.0.1:8070", dialects: { ${dialect}: /${dialect} } }`;
    throw new CommandError(
      `rolegate: the configuration does not allow checks by this proxy; it needs, for example\n  ${example}`,
    );
  }
  const managed = managedNames(config);
  const named = (kind: 'identity' | 'credential') => managed.filter((one) => one.kind === kind).map(({ name }) => name);
  const credentialNames = named('credential');
  const decided = new Set(managed.map(({ name }) => name));
  const others = new Set(credentialNames.map(canonicalName).filter((name) => !credentialNames.includes(name)));
  return {
    ...ways,
    secret: authorizer.secret !== null,
    waitMs: authorizer.timeoutMs + wayMs,
    identity: named('identity'),
    credentials: credentialNames,
    removed: [
      ...new Set([...others, ...server.proxyHeaders.map((name) => name.toLowerCase()), ...alwaysRemoved]),
    ].filter((name) => !decided.has(name)),
    read: [
      ...new Set([...credentialNames, ...(credentials.websocketProtocol === null ? [] : ['sec-websocket-protocol'])]),
      ...readsOf(routes.routes).headers,
      ...decisive,
    ],
    signIn: config.signIn === null || ways.grpc ? null : { host: new URL(config.signIn.origin).hostname },
    webSockets: routes.routes.some(({ websocket }) => websocket),
    maxBodyBytes: Math.max(...routes.routes.map(({ maxBodyBytes }) => maxBodyBytes)),
    headerCount: server.limits.headers,
    trustedRanges: server.trustedRanges,
    service: servicePlace(options.service ?? onlyTarget(config)),
    listen: placeOf(options.listen, '--listen'),
  };
}

/** Null: the configuration does not allow checks by this proxy. */
function waysToAsk(
  authorizer: Config['authorizer'],
  dialect: DialectName,
  options: PlaceOptions,
): Pick<ProxySettings, 'authorizer' | 'checkPath' | 'grpc' | 'tls'> | null {
  const { listen = null, tls = null, dialects = {}, grpc = null } = authorizer ?? {};
  const checkPath = dialects[dialect];
  if (options.grpc !== true && listen !== null && checkPath !== undefined)
    return { authorizer: authorizerPlace(listen, options.authorizer), checkPath, grpc: false, tls: clientTls(tls) };
  if (grpc === null || options.grpc === false || (options.grpc !== true && dialect !== 'envoy')) return null;
  return {
    authorizer: authorizerPlace(grpc.listen, options.authorizer),
    checkPath: '',
    grpc: true,
    tls: clientTls(grpc.tls),
  };
}

function clientTls(tls: PortTlsConfig | null): ProxySettings['tls'] {
  return tls === null ? null : { clientCertificate: tls.clientCa !== null };
}

const withPrefix = (prefix: string, rest: string) => rest.split(' ').map((name) => prefix + name);

/** Headers that services and frameworks trust most often. */
const mostHarmful: readonly string[] = [
  gatewayHeader,
  authorizerHeader,
  ...withPrefix(
    'x-',
    'http-method-override http-method method-override original-url original-uri rewrite-url client-ip',
  ),
  ...withPrefix('x-forwarded-', 'user email groups prefix scheme'),
  'remote-user',
  'true-client-ip',
];

/**
 * Headers that the gateway removes, the most harmful first, for products with a limit. The proxy writes its own headers afterwards. For
 * names with "*", known ones are also listed, for products that cannot delete by a pattern.
 */
export const alwaysRemoved: readonly string[] = [
  ...new Set([
    ...mostHarmful,
    ...overrides,
    ...proxyHeaders,
    ...withPrefix('x-ssl-client-', 'cert verify s-dn i-dn serial fingerprint dn subject issuer'),
    ...withPrefix('ssl-client-', 'cert verify subject-dn issuer-dn'),
    'x-forwarded-*',
    ...withPrefix('x-forwarded-', 'preferred-username access-token client-cert ssl'),
    ...forwarded,
    // Header of an upgrade to HTTP/2.
    'http2-settings',
    'proxy-authorization',
  ]),
];

/** Headers that decisions of any configuration may depend on, besides credentials and conditions. */
export const decisive: readonly string[] = [
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-request-id',
  'forwarded',
  'via',
  'early-data',
  'origin',
  'access-control-request-method',
  'sec-fetch-site',
  'sec-fetch-mode',
  'accept',
  'upgrade',
  'sec-websocket-key',
  'sec-websocket-version',
  'user-agent',
];

function onlyTarget({ upstreams }: Config): string {
  const targets = [...upstreams.values()].flatMap((upstream) => upstream.targets);
  if (targets.length > 0) return targets[0]!;
  throw new CommandError('rolegate: set the service: --service http://127.0.0.1:3000', ExitCode.usage);
}

function servicePlace(text: string): ProxySettings['service'] {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`)
    throw new CommandError('rolegate: --service must be a URL such as http://127.0.0.1:3000', ExitCode.usage);
  const tls = url.protocol === 'https:';
  return { host: url.hostname, port: Number(url.port || (tls ? 443 : 80)), tls };
}

function placeOf(text: string, option: string): Place {
  const [, host, port] = /^([A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535)
    throw new CommandError(`rolegate: ${option} must be an address such as 127.0.0.1:8000`, ExitCode.usage);
  return { host, port: Number(port) };
}

function authorizerPlace(
  listen: Place & { readonly path?: string },
  option: string | undefined,
): ProxySettings['authorizer'] {
  if (option !== undefined) return placeOf(option, '--authorizer');
  if (listen.path !== undefined) return { path: listen.path };
  const everywhere = listen.host === '' || listen.host === '0.0.0.0' || listen.host === '::';
  const host = everywhere ? '127.0.0.1' : listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return { host, port: listen.port };
}

/** The name in Rolegate's certificate that the proxy verifies. Several products verify no address. */
export function certificateName(authorizer: ProxySettings['authorizer']): string {
  return 'path' in authorizer || isIP(authorizer.host.replace(/^\[|\]$/g, '')) !== 0 ? 'rolegate' : authorizer.host;
}

/** The name in the certificate of a service; a product that verifies names alone cannot verify an address. */
export function serviceName({ host }: Place, product: string): string {
  if (isIP(host.replace(/^\[|\]$/g, '')) === 0) return host;
  throw new CommandError(
    `rolegate: ${product} verifies no address in a certificate: write the name of the service, such as https://orders:8443, in --service`,
    ExitCode.usage,
  );
}

/** `127.0.0.1:8070`. */
export function address({ host, port }: Place): string {
  return `${host}:${port}`;
}

/** `User-Id` for `user-id`: the usual form of header names. */
export function headerCase(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}

/** A regular expression for every spelling of the names that services read alike, without anchors. */
export function spellings(names: readonly string[]): string {
  return names.map((name) => (name.endsWith('*') ? `${spelling(name.slice(0, -1))}.*` : spelling(name))).join('|');
}

function spelling(name: string): string {
  return name.replace(/[^a-z0-9]/gi, '[^a-z0-9]');
}

/** Placeholder for a secret that is not printed. */
export const secretVariable = 'ROLEGATE_AUTHORIZER_SECRET';

/** `x-edge-` for `x-edge-*`. */
export function prefixesOf(names: readonly string[]): readonly string[] {
  return names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
}

/** A comment that lists name patterns, for products that remove only single names. */
export function unremovable({ removed }: Pick<ProxySettings, 'removed'>): string {
  const patterns = prefixesOf(removed).map((prefix) => `${prefix}*`);
  return `# It cannot remove headers by a pattern, so services receive these as clients send them, except the names below: ${patterns.join(', ')}.\n`;
}
