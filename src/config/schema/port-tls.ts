/** TLS of the ports for programs: that of addresses for clients. */
import { described } from './key.ts';
import { listenerTls } from './listeners.ts';
import { refined } from './refine.ts';

/** `ports`: such as "listen". */
export function portTls(ports: string) {
  return described(
    refined(listenerTls, ({ clientCertificates }, { at }) => {
      if (clientCertificates?.mode === 'optional')
        at(['clientCertificates', 'mode'], 'nothing here reads a certificate that is not required', 'remove it');
    }).optional(),
    `TLS of ${ports}, with the keys of "tls" under "server.listen". If unset, connections do not use TLS.`,
    {
      alternative: true,
      examples: [{ certificates: [{ cert: '/etc/rolegate/gateway.pem', key: '/etc/rolegate/gateway-key.pem' }] }],
    },
  );
}
