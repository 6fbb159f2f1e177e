/** A dynamic configuration of Traefik with `ForwardAuth`. */
import { stringify } from 'yaml';
import { CommandError } from '../exit-code.ts';
import { address, type ProxySettings, spellings, written } from './proxy-settings.ts';

export function traefikConfig(settings: ProxySettings): string {
  const { authorizer, checkPath, identity, credentials, removed, service, secret, webSockets } = settings;
  if ('path' in authorizer)
    throw new CommandError('rolegate: Traefik connects over TCP: set --authorizer to an address');
  const decided = [...identity, ...credentials];
  const asks = secret ? ['rolegate-secret', 'rolegate', 'rolegate-no-secret'] : ['rolegate'];
  const document = {
    http: {
      middlewares: {
        rolegate: {
          forwardAuth: {
            address: `http://${address(authorizer)}${checkPath}`,
            trustForwardHeader: false,
            authResponseHeaders: decided.map(written),
            authResponseHeadersRegex: `(?i)^(?:${spellings([...identity, ...removed.filter(isNotTraefiks)])})$`,
            maxResponseBodySize: 65_536,
          },
        },
        'rolegate-no-upgrade': requestHeader('Upgrade', ''),
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
      },
      services: {
        service: {
          loadBalancer: {
            servers: [{ url: `${service.tls ? 'https' : 'http'}://${address(service)}` }],
            passHostHeader: true,
          },
        },
      },
    },
  };
  return `# Traefik checks each request with Rolegate: a dynamic configuration. Printed by "rolegate proxy-config traefik".
# X-Forwarded-* of clients is not trusted: if another proxy is in front, set forwardedHeaders.trustedIPs of the entrypoint, and
# never forwardedHeaders.insecure. Headers in authResponseHeaders or its pattern are deleted from the request, in every spelling, and
# set from the response of Rolegate. Through any upgrade except WebSocket, requests would reach the service without a check.
${stringify(document, { lineWidth: 0 })}`;
}

/** Longer, so it precedes the other one. A WebSocket without a key is decided as an ordinary request, and must be one. */
const webSocket =
  'PathPrefix(`/`) && HeaderRegexp(`Upgrade`, `(?i)^websocket$`) && HeaderRegexp(`Sec-WebSocket-Key`, `.`)';

/** Traefik writes these after the middlewares, and before them for itself. */
function isNotTraefiks(name: string): boolean {
  return !name.startsWith('x-forwarded') && name !== 'x-real-ip';
}

/** Replaces the client's value; empty: removes it. */
function requestHeader(name: string, value: string) {
  return { headers: { customRequestHeaders: { [name]: value } } };
}
