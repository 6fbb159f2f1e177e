/** Keys under `identity`: further fields of an identity, which conditions, headers and tests may use. */
import { z } from 'zod';
import { type IdentityField, identityFields } from '../../core/forwarding/forwarding-rules.ts';
import { claimTypes } from '../../core/identity/claims.ts';
import { didYouMean } from '../nearest-name.ts';
import { Problem } from '../problem.ts';
import { anyChange, decides, described, ordered } from './key.ts';
import { refined } from './refine.ts';
import { anyText, bool, listed, scalar, word } from './scalar.ts';
import { fieldPath, fieldPlaces, otherField } from './source-fields.ts';
import { declared } from './values.ts';

export const claimPattern = '[A-Za-z][A-Za-z0-9_]{0,63}';
export const claimHint = 'letters, digits and _ only, at most 64, a letter first';
const maxClaims = 32;

const claim = refined(
  z.strictObject({
    field: decides(
      z.union([fieldPath, fieldPlaces]),
      'A path into the JSON of a source, or a list of paths, of which the first existing one is used. A source with another path sets it under "fields.claims".',
      otherField,
      { examples: ["'https://example.test/plan'"] },
    ),
    type: decides(
      word(claimTypes),
      'Its type: "string", "number", "boolean", "list" (of texts) or "time" (Unix seconds or RFC 3339). Values are not converted.',
      anyChange('conditions compare another value'),
      { examples: ['string'] },
    ),
    split: decides(
      anyText('what separates the texts').optional(),
      'Separator, if the list is a single text.',
      anyChange('conditions compare other texts'),
      {
        examples: [' '],
      },
    ),
    part: decides(
      word(['domain']).optional(),
      'What is read of an e-mail address: "domain", its domain in lower case. If unset, the value as it is.',
      anyChange('conditions compare another value'),
      { examples: ['domain'], alternative: true },
    ),
    optional: decides(
      bool().prefault(true),
      'Whether an identity may lack it. A value of another type, or an address that is not verified ("assumeVerifiedEmail"), meets no condition (not even "exists: false"), is sent in no header, and is logged. If false, a response that lacks the claim, or has it with another type, is invalid (503).',
      ordered([false, true], 'identities without the claim are accepted'),
    ),
  }),
  ({ type, split, part }, { atKey }) => {
    if (split !== undefined && type !== undefined && type !== 'list')
      atKey(['split'], '"split" makes a list of a text', 'write "type: list"');
    if (part !== undefined && type !== undefined && type !== 'string')
      atKey(['part'], 'the domain of an address is a text', 'write "type: string"');
  },
);

export const identity = z.strictObject({
  claims: described(
    refined(z.record(declared('a claim', claimPattern, claimHint), claim), (parts, { at }) => {
      if (Object.keys(parts).length > maxClaims) at([], `at most ${maxClaims} claims`);
    }).prefault({}),
    'Additional fields of an identity by name. Conditions read "identity: claims.plan", and headers can carry "claims.plan".',
    { examples: [{ plan: { field: 'plan', type: 'string' } }] },
  ),
});

/** The content of an identity header. */
export const headerField = scalar(
  {
    anyOf: [
      { type: 'string', enum: identityFields },
      { type: 'string', pattern: '^claims\\.|\\$\\{.+\\}' },
    ],
  },
  (value): IdentityField | `claims.${string}` | Problem => {
    if (typeof value === 'string' && /^claims\../.test(value)) return value as `claims.${string}`;
    const match = identityFields.find((known) => known === value);
    if (match !== undefined) return match;
    const hint = typeof value === 'string' ? didYouMean(value, identityFields) : null;
    return new Problem(`expected ${listed(identityFields)}, or a claim such as claims.plan`, hint);
  },
);
