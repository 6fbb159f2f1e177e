/** A configuration of HAProxy with the script of Rolegate. */
import { ownPaths } from '../../core/credential/sign-in.ts';
import { CommandError } from '../exit-code.ts';
import {
  address,
  certificateName,
  type ProxySettings,
  secretVariable,
  serviceName,
  spellings,
} from './proxy-settings.ts';

export function haproxyConfig(settings: ProxySettings): string {
  const { authorizer, checkPath, waitMs, identity, credentials, removed, service, listen } = settings;
  const destination = 'path' in authorizer ? `unix@${authorizer.path}` : address(authorizer);
  const { tls } = settings;
  if (tls?.clientCertificate === true)
    throw new CommandError(
      'rolegate: HAProxy presents no client certificate in a check: use "authorizer.secret" instead',
    );
  const name = certificateName(authorizer);
  const decided = [...identity, ...credentials];
  // Only one spelling of a credential is read; the others are removed.
  const otherSpellings = credentials
    .map((name) => name.replace(/[^a-z0-9]/gi, '[^a-z0-9-]'))
    .filter((one, index) => one !== credentials[index]);
  return `# HAProxy checks each request with Rolegate. Printed by "rolegate proxy-config haproxy"; print its script with
# "rolegate proxy-config haproxy --script".
global
  # A shared secret is in the environment variable ROLEGATE_AUTHORIZER_SECRET.
  setenv ROLEGATE_CHECK_URL ${tls === null ? 'http://rolegate' : `https://${name}`}${checkPath}
  setenv ROLEGATE_CHECK_DESTINATION ${destination}
  setenv ROLEGATE_CHECK_MILLISECONDS ${waitMs}
  setenv ROLEGATE_CHECK_HEADERS ${decided.join(',')}
  lua-load rolegate.lua
  .if version_atleast(2.8)
  httpclient.timeout.connect 1s
  httpclient.retries 0
  .endif
${tls === null ? '' : `  httpclient.ssl.verify required\n  httpclient.ssl.ca-file ${ca}\n`}
defaults
  mode http
  # Trailers that are not announced; the script refuses the others. Older versions forward them.
  .if version_atleast(3.2)
  option http-drop-request-trailers
  .endif
  timeout connect 2s
  timeout client 60s
  timeout server 60s

frontend clients
  bind ${listen.host === '' ? '*' : listen.host}:${listen.port}
  # Every spelling that a service may read as one of these.
  http-request del-header ^(${spellings([...identity, ...removed])})$ -m reg
${otherSpellings.length === 0 ? '' : `  http-request del-header ^(${otherSpellings.join('|')})$ -m reg\n`}  # Through any other upgrade, such as h2c, requests would reach the service without a check.
  http-request del-header upgrade unless { req.hdr_cnt(upgrade) 1 } { req.hdr(upgrade) -i websocket }
  # A list in Connection would let a proxy further on remove headers.
  http-request del-header connection unless { req.hdr(upgrade) -m found }
  http-request set-header connection upgrade if { req.hdr(upgrade) -m found }
  http-request lua.rolegate${settings.signIn !== null ? ` unless { path_beg ${ownPaths} }` : ''}
  # The decided target, even if the client sent it with a host in front.
  http-request set-uri %[pathq]
  http-request set-header x-forwarded-for %[src]
  http-request set-header x-real-ip %[src]
  http-request set-header x-forwarded-proto http unless { ssl_fc }
  http-request set-header x-forwarded-proto https if { ssl_fc }
  http-request set-header x-forwarded-host %[req.hdr(host)]
${settings.signIn !== null ? `  # The pages of sign-in, among them callback and sign-out.\n  use_backend rolegate if { path_beg ${ownPaths} }\n` : ''}  default_backend service
${settings.signIn !== null ? signInPages(`${destination}${tls === null ? '' : ` ssl verify required ca-file ${ca} sni str(${name})`}`, settings.secret) : ''}
backend service
  server service ${address(service)}${service.tls ? serviceTls(serviceName(service, 'HAProxy')) : ''}
`;
}

/** Of the machine that HAProxy runs on. */
const ca = '/etc/haproxy/rolegate-ca.pem';
const serviceCa = '/etc/haproxy/service-ca.pem';

/** Without `verifyhost`, a certificate of this authority for any name would do. */
function serviceTls(name: string): string {
  return ` ssl verify required ca-file ${serviceCa} sni str(${name}) verifyhost ${name}`;
}

/** Requests for them are not checked, and never reach the service. */
function signInPages(destination: string, secret: boolean): string {
  return `
backend rolegate
${secret ? `  http-request set-header x-rolegate-authorizer "\${${secretVariable}}"\n` : ''}  server rolegate ${destination}
`;
}
