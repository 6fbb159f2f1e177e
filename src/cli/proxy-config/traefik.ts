/** A dynamic configuration of Traefik with `ForwardAuth`. */
import { stringify } from 'yaml';
import { CommandError } from '../exit-code.ts';
import { address, type ProxySettings, spellings, written } from './proxy-settings.ts';

export function traefikConfig(settings: ProxySettings): string {
  const { authorizer, checkPath, identity, credentials, removed, service, secret } = settings;
  if ('path' in authorizer) throw new CommandError('rolegate: Traefik asks over TCP: give --authorizer an address');
  const decided = [...identity, ...credentials];
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
        ...(secret
          ? { 'rolegate-secret': secretHeaders('WRITE-THE-SECRET-HERE'), 'rolegate-no-secret': secretHeaders('') }
          : {}),
      },
      routers: {
        all: {
          rule: 'PathPrefix(`/`)',
          service: 'service',
          middlewares: secret ? ['rolegate-secret', 'rolegate', 'rolegate-no-secret'] : ['rolegate'],
        },
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
# never forwardedHeaders.insecure. What authResponseHeaders and its pattern name is deleted from the request, in every spelling, and
# set from the response of Rolegate.
${stringify(document, { lineWidth: 0 })}`;
}

/** Traefik writes these after the middlewares, and before them for itself. */
function isNotTraefiks(name: string): boolean {
  return !name.startsWith('x-forwarded') && name !== 'x-real-ip';
}

function secretHeaders(value: string) {
  return { headers: { customRequestHeaders: { 'X-Rolegate-Authorizer': value } } };
}
