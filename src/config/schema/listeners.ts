/** The key `server.listen`: one address, or several with their settings. */
import { z } from 'zod';
import { anyChange, described, exposes, ordered } from './key.ts';
import { list } from './refine.ts';
import { anyText, word } from './scalar.ts';
import { listener, listenerOrFalse } from './values.ts';

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
});

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
});

export const listen = z
  .union([
    listenerOrFalse(),
    list(listenerKeys, {
      empty: ['expected at least one address', 'to listen nowhere, write "listen: false"'],
      most: [16, 'addresses'],
    }),
  ])
  .prefault(':8080');
