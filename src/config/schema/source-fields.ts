/** Where the fields of an identity are in the JSON of a source. */
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { parseFieldPath } from '../units/parse-field-path.ts';
import { anyChange, decides, described } from './key.ts';
import { list } from './refine.ts';
import { anyText, bool, scalar, text } from './scalar.ts';

const expected = 'a path into the JSON, such as "user.id"';
const hint = `quote names with other characters: "'https://example.test/roles'"`;

const isPath = (value: string) => parseFieldPath(value) !== null;

export const fieldPath = text(expected, (value) => (isPath(value) ? value : new Problem(`expected ${expected}`, hint)));

const pathOrOff = scalar({ type: ['string', 'boolean', 'null'] }, (value): string | null | Problem => {
  if (value === null || value === false) return null;
  return typeof value === 'string' && isPath(value)
    ? value
    : new Problem(`expected ${expected}, or false when there is none`, hint);
});

const separator = described(
  anyText('what separates the names').optional(),
  'Separator of names in a single text, such as a space.',
  {
    examples: [' '],
  },
);

const place = z.union([
  fieldPath,
  z.strictObject({ path: described(fieldPath, 'A path into the JSON.', { examples: ['scope'] }), split: separator }),
]);

export const fieldPlaces = list(place, { empty: ['expected at least one path'], most: [8, 'paths'] });

const rules = [
  fieldPlaces,
  z.strictObject({
    path: described(
      z.union([fieldPath, fieldPlaces]),
      'A path into the JSON, or a list of paths, of which the first existing one is used.',
      {
        examples: ['roles'],
      },
    ),
    split: separator,
    optional: described(bool().prefault(false), 'Whether it may be absent.'),
  }),
  z.strictObject({
    value: described(z.union([anyText(), z.array(anyText())]), 'A constant for every user.', { examples: [['user']] }),
  }),
] as const;

/** A path, a list of paths of which the first existing one is used, `{ path, split, optional }`, or `{ value }`. */
export const field = z.union([fieldPath, ...rules]).meta({ id: 'field' });

/** The same, or null or false if the source does not have the field. */
export const fieldOrOff = z.union([pathOrOff, ...rules]).meta({ id: 'fieldOrOff' });

export const fieldForms =
  'Each is a path, a list of paths of which the first existing one is used, { path, split: " ", optional: true }, or { value: [user] }.';

const optional = (name: string) => ({ path: name, optional: true });

export const otherField = anyChange('another field may be one that users can write');

/** Paths of claims that differ from `identity.claims` in this source. */
export const claimPlaces = decides(
  z.record(z.string(), fieldOrOff).prefault({}),
  'Paths of the claims of "identity.claims" in this source, if they differ from that setting; false: the source does not have the claim.',
  otherField,
  { examples: [{ plan: 'account.plan' }] },
);

/** Fields of claims, by their names in OpenID Connect and RFC 9068. */
export function claimFields(alias: string) {
  return z.strictObject({
    userId: decides(
      field.prefault('sub'),
      'Id of the user. Tokens of clients that act on their own behalf may not contain one: with [sub, client_id], the client counts as the user.',
      otherField,
    ),
    roles: decides(fieldOrOff.prefault(optional('roles')), 'Role names; false: the source has none.', otherField),
    groups: decides(fieldOrOff.prefault(optional('groups')), 'Group names; false: the source has none.', otherField),
    sessionId: decides(
      fieldOrOff.prefault(optional('sid')),
      'Id of the session; false: the source has none.',
      anyChange('revocations name the session by it'),
    ),
    keyId: decides(
      fieldOrOff.prefault(false),
      'Id of the key, if the credential is one; false: the source has none.',
      anyChange('revocations name the key by it'),
    ),
    tokenId: decides(
      fieldOrOff.prefault(optional('jti')),
      'Id of the token; false: the source has none.',
      anyChange('revocations name the token by it'),
    ),
    authenticatedAt: decides(
      fieldOrOff.prefault(optional('auth_time')),
      'When the user signed in, in Unix seconds, for "maxAuthAge"; false: the source does not know it.',
      anyChange('"maxAuthAge" trusts it'),
    ),
    alias: decides(
      fieldOrOff.prefault(optional(alias)),
      'Short name of the user; false: the source has none.',
      otherField,
    ),
    fullName: decides(
      fieldOrOff.prefault(optional('name')),
      'Full name of the user; false: the source has none.',
      otherField,
    ),
    claims: claimPlaces,
  });
}

export type WrittenField = z.output<typeof fieldOrOff>;
export type WrittenClaimFields = z.output<ReturnType<typeof claimFields>>;
