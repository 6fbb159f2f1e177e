/** TLS keys for connections to another machine. */
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { anyChange, exposes } from './key.ts';
import { refined } from './refine.ts';
import { anyText, text } from './scalar.ts';

const pemFile = () => anyText('the path of a PEM file');

function certificateName() {
  return text('the name in a certificate', (value) =>
    /^[\x21-\x7e]{1,200}$/.test(value) ? value : new Problem('expected visible ASCII without blanks'),
  );
}

/** `whom`: the other end of the connection. */
export function clientTls(whom: string, withoutName = 'If unset, the host of the URL.') {
  const keys = z.strictObject({
    ca: exposes(
      pemFile().optional(),
      `PEM file of the certificate authorities of ${whom}. If unset, those that Node and the system trust.`,
      anyChange('a peer with a certificate of another authority is trusted'),
      { examples: ['/etc/rolegate/ca.pem'] },
    ),
    cert: exposes(
      pemFile().optional(),
      `PEM file of the certificate that this process presents to ${whom} on request.`,
      anyChange('the peer may give another client other rights'),
      {
        examples: ['/etc/rolegate/client.pem'],
      },
    ),
    key: exposes(
      pemFile().optional(),
      'PEM file of the key of "cert".',
      anyChange('the peer may give another client other rights'),
      {
        examples: ['/etc/rolegate/client-key.pem'],
      },
    ),
    serverName: exposes(
      certificateName().optional(),
      `Name that the certificate must contain. ${withoutName}`,
      anyChange('a peer with a certificate for another name is trusted'),
      {
        examples: ['id.example.test'],
      },
    ),
  });
  return refined(keys, (parts, { atKey }) => {
    for (const [has, lacks] of [
      ['cert', 'key'],
      ['key', 'cert'],
    ] as const) {
      if (has in parts && !(lacks in parts))
        atKey([has], `"${has}" has no effect without "${lacks}"`, `add "${lacks}"`);
    }
  });
}
