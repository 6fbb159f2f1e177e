/** TLS keys of a port of this process. */
import { z } from 'zod';
import { anyChange, described, exposes, ordered } from './key.ts';
import { list } from './refine.ts';
import { anyText, word } from './scalar.ts';

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

export const serverTls = z.strictObject({
  certificates: described(
    list(certificate, {
      empty: [
        'expected at least one certificate',
        'for example "certificates: [{ cert: gateway.pem, key: gateway-key.pem }]"',
      ],
      most: [1000, 'certificates'],
    }),
    'Certificates with their keys. The name that a client asks for (SNI) selects one by its DNS names: an exact name, then a wildcard, then the first of the list. Changed files are reloaded.',
  ),
  minVersion: exposes(
    word(['TLSv1.3', 'TLSv1.2']).prefault('TLSv1.2'),
    'Lowest version of TLS.',
    ordered(['TLSv1.3', 'TLSv1.2'], 'clients may use an older version'),
  ),
  unknownNames: exposes(
    word(['refuse', 'first']).prefault('first'),
    'What a client gets that asks for a name of no certificate, or for none. first: the first certificate; refuse: the handshake fails.',
    ordered(['refuse', 'first'], 'anyone who scans addresses learns the names of the first certificate'),
  ),
});
