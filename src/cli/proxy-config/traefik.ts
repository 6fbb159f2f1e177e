/** A dynamic configuration of Traefik with `ForwardAuth`. */
import { stringify } from 'yaml';
import { ownPaths } from '../../core/credential/sign-in.ts';
import { CommandError } from '../exit-code.ts';
import { address, headerCase, type ProxySettings, prefixesOf } from './proxy-settings.ts';
import { wordsBut } from './words-but.ts';

export function traefikConfig(settings: ProxySettings): string {
  const { authorizer, checkPath, identity, credentials, removed, service, secret, webSockets, trustedRanges, tls } =
    settings;
  if ('path' in authorizer)
    throw new CommandError('rolegate: Traefik connects over TCP: set --authorizer to an address');
  const decided = [...identity, ...credentials];
  const byName = removed.filter((name) => !name.endsWith('*') && !ofTraefik.includes(name));
  const behindAnother = trustedRanges.length > 0;
  const asks = [
    ...(behindAnother ? ['rolegate-forwarded'] : []),
    ...(secret ? ['rolegate-secret', 'rolegate', 'rolegate-no-secret'] : ['rolegate']),
  ];
  const scheme = tls === null ? 'http' : 'https';
  const document = {
    http: {
      middlewares: {
        rolegate: {
          forwardAuth: {
            address: `${scheme}://${address(authorizer)}${checkPath}`,
            ...(tls === null ? {} : { tls: forwardAuthTls(tls) }),
            trustForwardHeader: behindAnother,
            authResponseHeaders: [...decided, ...byName].map(headerCase),
            authResponseHeadersRegex: removedByPattern(removed),
            maxResponseBodySize: 65_536,
            // Otherwise Traefik puts its own address for the check in front of a path to the sign-in page.
            preserveLocationHeader: true,
          },
        },
        'rolegate-no-upgrade': requestHeader('Upgrade', ''),
        // Traefik trusts what describes the request as the proxy in front received it. That proxy may pass on a client's.
        ...(behindAnother ? { 'rolegate-forwarded': requestHeader('X-Forwarded-Uri', '', 'X-Forwarded-Method') } : {}),
        ...(webSockets ? { 'rolegate-upgrade': requestHeader('Upgrade', 'websocket') } : {}),
        ...(secret
          ? {
              'rolegate-secret': requestHeader('X-Rolegate-Authorizer', 'WRITE-THE-SECRET-HERE'),
              'rolegate-no-secret': requestHeader('X-Rolegate-Authorizer', ''),
            }
          : {}),
      },
      routers: {
        all: { rule: 'PathPrefix(`/`)', service: 'service', middlewares: ['rolegate-no-upgrade', ...asks] },
        ...(webSockets
          ? { websockets: { rule: webSocket, service: 'service', middlewares: ['rolegate-upgrade', ...asks] } }
          : {}),
        // Sign-in, callback and sign-out: not checked, and never sent to the service.
        ...(settings.signIn !== null
          ? {
              'sign-in': {
                rule: `PathPrefix(\`${ownPaths}\`)`,
                priority: 100_000,
                service: 'rolegate',
                middlewares: ['rolegate-no-upgrade', ...(secret ? ['rolegate-secret'] : [])],
              },
            }
          : {}),
      },
      services: {
        service: {
          loadBalancer: {
            servers: [{ url: `${service.tls ? 'https' : 'http'}://${address(service)}` }],
            passHostHeader: true,
            ...(service.tls ? { serversTransport: 'service' } : {}),
          },
        },
        ...(settings.signIn !== null
          ? {
              rolegate: {
                loadBalancer: {
                  servers: [{ url: `${scheme}://${address(authorizer)}` }],
                  passHostHeader: true,
                  ...(tls === null ? {} : { serversTransport: 'rolegate' }),
                },
              },
            }
          : {}),
      },
      ...transportsOf(settings),
    },
  };
  return `# Traefik checks each request with Rolegate: a dynamic configuration. Printed by "rolegate proxy-config traefik".
# Headers in authResponseHeaders or its pattern are deleted from the request, and set from the response of Rolegate. Through any
# upgrade except WebSocket, requests would reach the service without a check.
${forwardedComment(trustedRanges)}
${stringify(document, { lineWidth: 0 })}`;
}

/** Of the machine that Traefik runs on, which verifies the host of the address. */
const files = {
  ca: '/etc/traefik/rolegate-ca.pem',
  serviceCa: '/etc/traefik/service-ca.pem',
  cert: '/etc/traefik/traefik.pem',
  key: '/etc/traefik/traefik-key.pem',
};

function forwardAuthTls({ clientCertificate }: NonNullable<ProxySettings['tls']>): object {
  const { ca, cert, key } = files;
  return clientCertificate ? { ca, cert, key } : { ca };
}

/** TLS of connections to the service, and to Rolegate for the pages of sign-in. */
function transportsOf({ service, tls, signIn }: ProxySettings): object {
  const certificates = tls?.clientCertificate === true ? [{ certFile: files.cert, keyFile: files.key }] : null;
  const transports = {
    ...(service.tls ? { service: { rootCAs: [files.serviceCa] } } : {}),
    ...(tls !== null && signIn !== null
      ? { rolegate: { rootCAs: [files.ca], ...(certificates === null ? {} : { certificates }) } }
      : {}),
  };
  return Object.keys(transports).length === 0 ? {} : { serversTransports: transports };
}

/** Longer, so it precedes the other one. A WebSocket without a key is decided as an ordinary request, and must be one. */
const webSocket =
  'PathPrefix(`/`) && HeaderRegexp(`Upgrade`, `(?i)^websocket$`) && HeaderRegexp(`Sec-WebSocket-Key`, `.`)';

const ofForwarded = ['for', 'host', 'port', 'proto', 'server'];
/** Traefik writes these itself, most of them before the middlewares. */
const ofTraefik: readonly string[] = [...ofForwarded.map((name) => `x-forwarded-${name}`), 'x-real-ip'];

/**
 * What cannot be listed by name: patterns, and names in other than the usual characters, which services read as another name. Traefik
 * matches every header of every request and of every response to a check, so the expression is short. Go has each name in one spelling
 * (X-Forwarded-User), so it needs no letter case, and with an anchor it looks at each name once.
 */
function removedByPattern(removed: readonly string[]): string {
  const prefixes = prefixesOf(removed).filter((prefix) => prefix !== 'x-forwarded-');
  const others = wordsBut(ofForwarded.map(headerCase)).join('|');
  return `^(?:${[...prefixes.map(headerCase), `X-Forwarded-(?:${others})$`, '.*?[^A-Za-z0-9-]'].join('|')})`;
}

function forwardedComment(trustedRanges: readonly string[]): string {
  return trustedRanges.length === 0
    ? `# X-Forwarded-* of clients is not trusted. If another proxy is in front, list it in server.trustedProxies and print this again; never set
# forwardedHeaders.insecure.`
    : `# Another proxy is in front: start Traefik with --entryPoints.NAME.forwardedHeaders.trustedIPs=${trustedRanges.join(',')}
# and never with forwardedHeaders.insecure.`;
}

/** Replaces the client's value; empty: removes it. */
function requestHeader(name: string, value: string, ...more: readonly string[]) {
  return { headers: { customRequestHeaders: Object.fromEntries([name, ...more].map((one) => [one, value])) } };
}
