/** TLS of the ports for programs: that of addresses for clients, and certificates that callers need. */
import { z } from 'zod';
import { anyChange, decides, described } from './key.ts';
import { listenerTls } from './listeners.ts';
import { anyText } from './scalar.ts';

const clientCertificates = z.strictObject({
  ca: decides(
    anyText('the path of a PEM file'),
    'PEM file of the authorities of client certificates: each caller needs one. Other authorities end open connections.',
    anyChange('callers with a certificate of another authority are accepted', { loosest: 'unset' }),
    { examples: ['/etc/rolegate/callers-ca.pem'] },
  ),
});

const keys = z.strictObject({
  ...listenerTls.shape,
  clientCertificates: described(
    clientCertificates.optional(),
    'Accepts only callers with a client certificate, besides what else they need. If unset, none is requested.',
  ),
});

/** `ports`: such as "listen". */
export function portTls(ports: string) {
  return described(
    keys.optional(),
    `TLS of ${ports}, with the keys of "tls" under "server.listen". If unset, connections do not use TLS.`,
    {
      alternative: true,
      examples: [{ certificates: [{ cert: '/etc/rolegate/gateway.pem', key: '/etc/rolegate/gateway-key.pem' }] }],
    },
  );
}
