/** Keys under `identityAssertion`, and the key of a route with the same name. */
import { z } from 'zod';
import { canonicalName } from '../../core/syntax/header-fields.ts';
import { Problem } from '../problem.ts';
import { takenByHttp } from './header-names.ts';
import { added, anyChange, described, exposes, higher, neither } from './key.ts';
import { list, refined } from './refine.ts';
import { scalar, text, word } from './scalar.ts';
import { secret } from './secret.ts';
import { duration, headerName } from './values.ts';

const dayMs = 86_400_000;

/** RFC 7519 section 2 StringOrURI, in visible ASCII. */
const claim = (what: string) =>
  text(what, (value) =>
    /^[\x21-\x7e]{1,256}$/.test(value) ? value : new Problem('expected visible ASCII without blanks, at most 256'),
  );

export const identityAssertion = refined(
  z.strictObject({
    issuer: exposes(
      claim('the issuer, such as the public URL of the gateway'),
      'The claim "iss".',
      anyChange('services may trust another issuer'),
      {
        examples: ['https://api.example.test'],
      },
    ),
    header: exposes(
      headerName().prefault('x-rolegate-identity'),
      "Header for it; removed from every client's request.",
      anyChange('clients can send the previous header, which is no longer removed'),
    ),
    lifetime: exposes(
      duration(5_000, 60_000).prefault('30s'),
      'How long an assertion is valid, 60s at most and never past the end of the credential. It is reused for half of that time.',
      higher('a stolen assertion is valid longer'),
    ),
    keys: exposes(
      list(secret('a private key'), { empty: ['expected at least one key'], most: [8, 'keys'] }).optional(),
      'Private keys, Ed25519 or P-256, each in PEM (PKCS #8) or as a JWK: the first signs, all are published. If unset, the gateway generates keys, shares them among replicas through "cache.redis", and rotates them.',
      added('anyone who has the key can sign identities'),
      { examples: [[{ file: '/run/secrets/identity-key.pem' }]], alternative: true },
    ),
    algorithm: neither(
      word(['EdDSA', 'ES256']).prefault('EdDSA'),
      'Algorithm of generated keys: EdDSA (Ed25519) or ES256 (P-256).',
    ),
    rotate: exposes(
      duration(3_600_000, 366 * dayMs).prefault('30d'),
      'How long a generated key signs.',
      higher('a stolen key is valid longer'),
    ),
    overlap: exposes(
      duration(600_000, 7 * dayMs).prefault('10m'),
      'How long a key is published before it signs, and after its last assertion has expired. It must be at least as long as services cache the published keys, and at most a quarter of "rotate".',
      higher('a stolen key is valid longer'),
    ),
  }),
  ({ header, rotate, overlap }, { at }) => {
    const [sign] = /[^A-Za-z0-9-]/.exec(header ?? '') ?? [];
    if (sign !== undefined) {
      const hint = `services treat "${sign}" and "-" as equal: write "-"`;
      at(['header'], `the name of an identity header has no "${sign}"`, hint);
    } else if (header !== undefined && takenByHttp.has(canonicalName(header))) {
      at(['header'], 'this header has another meaning in HTTP and cannot carry an identity');
    }
    if (rotate !== undefined && overlap !== undefined && 4 * overlap > rotate)
      at(['overlap'], '"overlap" is more than a quarter of "rotate"', 'rotate less often');
  },
);

const off = scalar({ const: false }, (value): null | Problem =>
  value === false ? null : new Problem('expected { audience }, or false'),
);

export const routeAssertion = z.union([
  off,
  z.strictObject({
    audience: described(claim('the audience of the assertion'), 'The claim "aud".', {
      examples: ['https://orders.example.test'],
    }),
  }),
]);
