/** Keys of a source that takes identities from client certificates. */
import { z } from 'zod';
import { anyChange, decides, described, ordered } from './key.ts';
import { word } from './scalar.ts';
import { claimPlaces, fieldForms, fieldOrOff, otherField } from './source-fields.ts';
import { kind, userKeys } from './source-values.ts';
import { duration } from './values.ts';

const dayMs = 86_400_000;

export const certificateSource = z.strictObject({
  kind: kind('certificate', 'Client certificates of addresses with "clientCertificates".'),
  userId: decides(
    word(['spiffe', 'dns', 'email', 'subject', 'fingerprint']),
    'What names the user: "spiffe", the only URI, which must be a SPIFFE ID; "dns", the only DNS name, in lower case; "email", the only address; "subject", in the form of RFC 4514 with blanks as "\\20"; or "fingerprint", the SHA-256 in hexadecimal digits. A certificate without it, or with several, is refused.',
    anyChange('another part of certificates, which their authority may verify less, names the users'),
    { examples: ['spiffe'] },
  ),
  ...userKeys,
  userPrefix: userKeys.userPrefix.meta({ examples: ['machine:'] }),
  revocationLife: decides(
    duration(3_600_000, 90 * dayMs).prefault('7d'),
    'How long a revocation by fingerprint is kept, in memory and in Redis. From then on only a revocation list ("crl") refuses the certificate, or its end.',
    anyChange('a shorter one ends revocations before lists contain them'),
  ),
  whileDisconnected: decides(
    word(['refuse', 'accept']).prefault('refuse'),
    'While this gateway is disconnected from revocations over Redis: "refuse" refuses its certificates with 503, "accept" accepts them although it may miss a revocation.',
    ordered(['refuse', 'accept'], 'a revoked certificate may be accepted'),
  ),
  fields: described(
    z
      .strictObject({
        roles: decides(fieldOrOff.prefault(false), 'Role names; false: certificates have none.', otherField),
        groups: decides(fieldOrOff.prefault(false), 'Group names; false: certificates have none.', otherField),
        alias: decides(
          fieldOrOff.prefault({ path: 'commonName', optional: true }),
          'Short name of the user; false: certificates have none.',
          otherField,
        ),
        fullName: decides(
          fieldOrOff.prefault(false),
          'Full name of the user; false: certificates have none.',
          otherField,
        ),
        claims: claimPlaces,
      })
      .prefault({}),
    `Where the fields are in the certificate as JSON: "commonName", "issuer", "serialNumber", "subject", "fingerprint" and, if there is only one, "spiffe", "dns" and "email" are texts; "organization", "organizationalUnit", "uris", "dnsNames" and "emails" are lists. ${fieldForms}`,
    { examples: [{ groups: 'organizationalUnit' }] },
  ),
});
