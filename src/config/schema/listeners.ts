/** The key `server.listen`: one address, or several with their settings. */
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { anyChange, decides, described, exposes, lower, neither, ordered } from './key.ts';
import { list, type Parts, type Problems, refined } from './refine.ts';
import { anyText, bool, scalar, wholeNumber, word } from './scalar.ts';
import { duration, listener, listenerOrFalse } from './values.ts';

const pemFile = () => anyText('the path of a PEM file');

const certificate = z.strictObject({
  cert: exposes(
    pemFile(),
    'PEM file of the certificate that clients see, with its intermediate certificates.',
    anyChange('clients may trust another certificate'),
    { examples: ['/etc/rolegate/gateway.pem'] },
  ),
  key: exposes(pemFile(), 'PEM file of the key of "cert".', anyChange('others may have another key'), {
    examples: ['/etc/rolegate/gateway-key.pem'],
  }),
});

const clientCertificates = z.strictObject({
  ca: decides(
    pemFile(),
    'PEM file of the authorities of client certificates. Other authorities end open connections.',
    anyChange('callers with a certificate of another authority are accepted', { loosest: 'unset' }),
    { examples: ['/etc/rolegate/callers-ca.pem'] },
  ),
  crl: decides(
    pemFile().optional(),
    'PEM file of the revocation lists (CRL) of these authorities: of each one in the chain of a certificate. Callers whose certificate is in a list are refused, and all callers of an authority whose list is missing or has expired. A changed file ends open connections. If unset, no list is needed.',
    anyChange('callers whose certificate was revoked are accepted', { loosest: 'unset' }),
    { examples: ['/etc/rolegate/callers-crl.pem'] },
  ),
  mode: decides(
    word(['required', 'optional']).prefault('required'),
    'Whether a valid certificate of these authorities is "required" for a connection, or "optional": then routes whose "credentials" list "certificate" need one, and return 503 if its revocation list is missing or has expired. Only for addresses under "server.listen".',
    ordered(['required', 'optional'], 'clients without a certificate reach the routes'),
    { examples: ['optional'] },
  ),
});

export const listenerTls = z.strictObject({
  certificates: described(
    list(certificate, {
      empty: [
        'expected at least one certificate',
        'for example "certificates: [{ cert: gateway.pem, key: gateway-key.pem }]"',
      ],
      most: [1000, 'certificates'],
    }),
    'Certificates with their keys. The name that a client requests (SNI) selects one by its DNS names: an exact name, then a wildcard, then the first of the list. Changed files are reloaded.',
  ),
  minVersion: exposes(
    word(['TLSv1.3', 'TLSv1.2']).prefault('TLSv1.2'),
    'Lowest version of TLS.',
    ordered(['TLSv1.3', 'TLSv1.2'], 'clients may use an older version'),
  ),
  unknownNames: exposes(
    word(['refuse', 'first']).prefault('first'),
    'What a client gets that requests a name of no certificate, or none. first: the first certificate; refuse: the handshake fails.',
    ordered(['refuse', 'first'], 'anyone who scans addresses learns the names of the first certificate'),
  ),
  clientCertificates: described(
    clientCertificates.optional(),
    'Client certificates. Each handshake is a full one then. If unset, none is requested.',
  ),
});

const strictTransportSecurity = refined(
  z.strictObject({
    maxAge: exposes(
      duration(0, 10 * 31_536_000_000).prefault('365d'),
      'How long browsers use only https. 0s ends it for browsers that return.',
      lower('browsers connect without TLS again sooner'),
    ),
    includeSubDomains: exposes(
      bool().prefault(false),
      'Also for all hosts below this one, which all need https then.',
      ordered([true, false], 'browsers may connect to hosts below without TLS'),
    ),
    preload: neither(
      bool().prefault(false),
      'Permits browsers to have the domain in their built-in list, which takes months to undo. It needs "includeSubDomains" and at least 365d.',
    ),
  }),
  ({ maxAge, includeSubDomains, preload }, { at }) => {
    if (preload !== true || (includeSubDomains !== false && (maxAge === undefined || maxAge >= 31_536_000_000))) return;
    at(
      ['preload'],
      'the list of browsers needs "includeSubDomains: true" and a "maxAge" of at least 365d',
      'https://hstspreload.org',
    );
  },
);

const listenerKeys = z.strictObject({
  address: exposes(
    listener(),
    'Address for clients, as in the short form.',
    anyChange('others may reach another address'),
    {
      examples: [':8443'],
    },
  ),
  tls: described(listenerTls.optional(), 'TLS. If unset, connections do not use TLS.'),
  http2: neither(
    bool().prefault(false),
    'Clients may use HTTP/2 (ALPN), with up to 100 requests at once on a connection. The limits of "server.limits" apply as for HTTP/1.1. Only with "tls".',
  ),
  proxyProtocol: decides(
    bool().prefault(false),
    'PROXY protocol, version 1 or 2, from a proxy in front that forwards bytes, such as a network load balancer: each connection begins with a header that has the address of the client, ahead of TLS. Connections without one, and those of peers that "server.trustedProxies" does not list, are closed.',
    anyChange(
      'the peers of "server.trustedProxies" choose the address of clients; without it, theirs becomes the address of all their clients',
    ),
  ),
  strictTransportSecurity: described(
    strictTransportSecurity.optional(),
    'Strict-Transport-Security (HSTS, RFC 6797) of every response over this address, refusals included: browsers then use only https for its host. A service or route that sends the header itself is not overridden. Only with "tls". If unset, none is added.',
  ),
  redirectToHttps: decides(
    httpsPort().prefault(false),
    'Serves nothing here: GET and HEAD are redirected (308) to the same URL with https, if a certificate of another address covers its host; other methods are refused with 403, because what they sent was readable. A number is the port of https that clients use; true is 443. Only without "tls", and with another address that has it.',
    anyChange('requests without TLS are served', { loosest: false }),
  ),
});

/** True is the usual port; null: no redirect. */
function httpsPort() {
  const json = { type: ['boolean', 'integer', 'string'], minimum: 1, maximum: 65_535 };
  return scalar(json, (value): number | null | Problem => {
    if (value === true || value === 'true') return 443;
    if (value === false || value === 'false') return null;
    return wholeNumber(value, 1, 65_535) ?? new Problem('expected true, false or the port of https');
  });
}

function checkListener(
  { tls, http2, strictTransportSecurity: hsts, redirectToHttps }: Parts<z.output<typeof listenerKeys>>,
  { at }: Problems,
): void {
  const secure = tls !== undefined;
  if (secure && redirectToHttps != null)
    at(['redirectToHttps'], 'this address has "tls" itself', 'remove one of the two');
  if (!secure && http2 === true)
    at(['http2'], 'clients use HTTP/2 only with TLS', 'add "tls" to this address, or remove the key');
  if (!secure && hsts !== undefined)
    at(['strictTransportSecurity'], 'browsers ignore this header without TLS', 'move it to an address with "tls"');
}

function checkListeners(listeners: Parts<readonly z.output<typeof listenerKeys>[]>, { at }: Problems): void {
  if (listeners.some((one) => one === undefined || 'tls' in one)) return;
  listeners.forEach((one, index) => {
    if (one?.redirectToHttps != null)
      at(
        [index, 'redirectToHttps'],
        'no other address has "tls"',
        'redirect where TLS ends, or add "tls" to an address',
      );
  });
}

export const listen = z
  .union([
    listenerOrFalse(),
    refined(
      list(refined(listenerKeys, checkListener), {
        empty: ['expected at least one address', 'to listen nowhere, write "listen: false"'],
        most: [16, 'addresses'],
      }),
      checkListeners,
    ),
  ])
  .prefault(':8080');

/** Otherwise every connection would be closed. */
export function checkProxyProtocol(
  {
    listen: listeners,
    trustedProxies,
    trustEveryPeer,
  }: Parts<{ listen: z.output<typeof listen>; trustedProxies: readonly string[]; trustEveryPeer: boolean }>,
  { at }: Problems,
): void {
  if (!Array.isArray(listeners) || trustEveryPeer === true || trustedProxies?.length !== 0) return;
  listeners.forEach((one, index) => {
    if (one?.proxyProtocol === true)
      at(
        ['listen', index, 'proxyProtocol'],
        '"server.trustedProxies" is empty, so every connection would be closed',
        'list the addresses of the proxies that send the header',
      );
  });
}

/** A certificate is not secret, so a client that may send the header is every user. */
export function checkCertificateHeader(
  {
    clientCertificateHeader,
    trustedProxies,
    trustEveryPeer,
  }: Parts<{ clientCertificateHeader: string | null; trustedProxies: readonly string[]; trustEveryPeer: boolean }>,
  { at }: Problems,
): void {
  if (clientCertificateHeader == null) return;
  const hint = 'list the addresses of the proxies under "trustedProxies"';
  if (trustEveryPeer === true) at(['clientCertificateHeader'], 'every client could send any certificate', hint);
  else if (trustedProxies?.length === 0)
    at(['clientCertificateHeader'], 'no proxy is trusted, so the header is never read', hint);
}
