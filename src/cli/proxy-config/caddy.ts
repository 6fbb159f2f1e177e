/** A Caddyfile with `forward_auth`. */
import { ownPaths } from '../../core/credential/sign-in.ts';
import { address, certificateName, headerCase, type ProxySettings, secretVariable } from './proxy-settings.ts';

export function caddyConfig(settings: ProxySettings): string {
  const { authorizer, checkPath, waitMs, identity, credentials, removed, service, listen, secret } = settings;
  const upstream = 'path' in authorizer ? `unix/${authorizer.path}` : address(authorizer);
  const decided = [...identity, ...credentials].map(headerCase).join(' ');
  const matcher = (name: string) => `@no_${name.replaceAll('-', '_')}`;
  return `# Caddy checks each request with Rolegate. Printed by "rolegate proxy-config caddy".
http://:${listen.port} {
${listen.host === '' ? '' : `\tbind ${listen.host}\n`}	route {
		# Client values of these headers reach neither Rolegate nor the service. Caddy writes its own X-Forwarded-For.
${removed.map((name) => `\t\trequest_header -${headerCase(name)}`).join('\n')}
		# A list in Connection would remove headers after the check, and through any other upgrade, such as h2c, requests would reach
		# the service without one. A WebSocket without a key is decided as an ordinary request, and must be one.
		@websocket {
			header_regexp Upgrade (?i)^websocket$
			header_regexp Sec-WebSocket-Key .
		}
		@plain {
			not {
				header_regexp Upgrade (?i)^websocket$
				header_regexp Sec-WebSocket-Key .
			}
		}
		request_header @websocket Connection Upgrade
		request_header @websocket Upgrade websocket
		request_header @plain -Connection
		request_header @plain -Upgrade

${settings.signIn !== null ? signInPages(settings, upstream) : ''}		forward_auth ${upstream} {
			uri ${checkPath}?
			# All of them: a header that is not listed here keeps the client's value.
			copy_headers ${decided}
${secret ? `\t\t\theader_up X-Rolegate-Authorizer {$${secretVariable}}\n` : ''}			transport http {
				dial_timeout 1s
				response_header_timeout ${waitMs}ms
${checkTls(settings, '\t\t\t\t')}			}
		}
${credentials.map((name) => `\t\t${matcher(name)} header_regexp ${headerCase(name)} ^$\n\t\trequest_header ${matcher(name)} -${headerCase(name)}`).join('\n')}

		reverse_proxy ${service.tls ? 'https://' : ''}${address(service)}${service.tls ? serviceTls : ''}
	}
}
`;
}

/** Files of the machine that Caddy runs on, which verifies the host of the address. */
const serviceTls = ` {
			transport http {
				tls_trusted_ca_certs /etc/caddy/service-ca.pem
			}
		}`;

function checkTls({ tls, authorizer }: ProxySettings, indent: string): string {
  if (tls === null) return '';
  const lines = [
    'tls',
    `tls_server_name ${certificateName(authorizer)}`,
    'tls_trusted_ca_certs /etc/caddy/rolegate-ca.pem',
    ...(tls.clientCertificate ? ['tls_client_auth /etc/caddy/caddy.pem /etc/caddy/caddy-key.pem'] : []),
  ];
  return lines.map((line) => `${indent}${line}\n`).join('');
}

/** Sign-in, callback and sign-out: requests for them are not checked, and never reach the service. */
function signInPages(settings: ProxySettings, upstream: string): string {
  const { secret, tls } = settings;
  return `		# The pages of sign-in, among them callback and sign-out.
		reverse_proxy ${ownPaths}* ${upstream} {
			header_up Host {http.request.hostport}
${secret ? `\t\t\theader_up X-Rolegate-Authorizer {$${secretVariable}}\n` : ''}${tls === null ? '' : `\t\t\ttransport http {\n${checkTls(settings, '\t\t\t\t')}\t\t\t}\n`}		}

`;
}
