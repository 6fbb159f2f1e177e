/** Values and keys that sources of several kinds have. */
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { roleHint, rolePattern } from './access.ts';
import { anyChange, decides, higher, ordered, removed } from './key.ts';
import { list } from './refine.ts';
import { anyText, bool, text } from './scalar.ts';
import { duration, idHint, idPattern, name } from './values.ts';

export const kind = <const T extends string>(value: T, description: string) =>
  decides(z.literal(value), description, anyChange('another kind checks credentials in another way'), {
    examples: [value],
  });

/** A URL with a path, and perhaps a query. */
export function endpointUrl() {
  const expected = 'an http or https URL, such as "https://id.example.test/introspect"';
  return text(
    expected,
    (value) => {
      const url = /^https?:\/\/[^\s]+$/.test(value) && URL.canParse(value) ? new URL(value) : null;
      if (url === null) return new Problem(`expected ${expected}`);
      if (url.username !== '' || url.password !== '')
        return new Problem('this URL cannot contain a user name or password');
      return url.hash === '' ? url.href : new Problem('this URL cannot contain a fragment');
    },
    'https?://[^#@]+',
  );
}

/** Visible ASCII without query and fragment. Revocations contain it, so its length is bounded. */
const issuerForm = /^https?:\/\/[\x21\x22\x24-\x3e\x40-\x7e]{1,500}$/;

/** Compared with the claim exactly, so it is not normalized. */
export function issuerUrl() {
  const expected = 'the issuer exactly as in its tokens, such as "https://id.example.test"';
  return text(
    expected,
    (value) => {
      const url = issuerForm.test(value) && URL.canParse(value) ? new URL(value) : null;
      return url !== null && url.username === '' && url.password === '' ? value : new Problem(`expected ${expected}`);
    },
    'https?://[^?#@]+',
  );
}

export const words = (what: string) =>
  text(what, (value) =>
    /^[\x21-\x7e]{1,256}$/.test(value) ? value : new Problem(`expected ${what}, in visible ASCII`),
  );

/** Of a source that does not verify tokens itself. */
export const sameIssuer = () =>
  decides(
    issuerUrl().optional(),
    'Issuer of its users: sources with the same one name the same users. Logout tokens and security event tokens that a source of kind "jwt" accepts of this issuer also end results of this source. If unset, its users are its own, and results expire after "cache.accepted".',
    anyChange('its users are those of other sources, or revocations of them no longer apply'),
    { examples: ['https://id.example.test'] },
  );

const userPrefixHint = 'letters, digits and . _ ~ @ + : - only, at most 64';

/** Prefix of user ids, and the roles that a source may give. */
export const userKeys = {
  userPrefix: decides(
    text('the beginning of user ids', (value) =>
      /^[A-Za-z0-9._~@+:-]{1,64}$/.test(value) ? value : new Problem(`expected ${userPrefixHint}`),
    ).optional(),
    'Beginning of the ids of its users, for services, rules and logs: with "partner:", the user 7 of this source is "partner:7". Ids of other sources cannot begin like this. Sources with the same "issuer" must have the same one. If unset, ids are as the source names them.',
    anyChange('its users may get the ids of others'),
    { examples: ['partner:'] },
  ),
  roles: decides(
    list(name('a role', rolePattern, roleHint), { most: [256, 'roles'], distinct: 'role' }).optional(),
    'The roles that its identities may have, given by the source or derived ("roles.*.from"). Others have no effect, except that roles may be derived from them, and are not sent to services. [] allows none. Sources with the same "issuer" must have the same ones. If unset, all roles are allowed.',
    anyChange('its users get a role, or lose one under "none"'),
    { examples: [['user']] },
  ),
};

/** Of a source whose responses can contain an address. */
export const emailKeys = {
  assumeVerifiedEmail: decides(
    bool().prefault(false),
    'Whether an address counts if the source does not say whether it is verified. A field "email" counts only beside "email_verified: true" in the same object, whatever is read from it: claims, the user id, roles, required values. True is for a source that verifies every address and does not say so; "email_verified" with any other value than true is a no in any case.',
    ordered([false, true], 'users may have addresses of others'),
  ),
};

export const sourceName = () => name('a source', idPattern, idHint);

/** Algorithms that `jose` verifies with a public key. `HS256` and similar ones are excluded, because each verifier could also sign. */
export const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

export const claimRules = {
  requiredClaims: decides(
    list(anyText('the name of a claim'), { most: [16, 'claims'], distinct: 'claim' }).prefault([]),
    'Claims that must be present.',
    removed('tokens without the claim are accepted'),
  ),
  requiredValues: decides(
    z
      .record(z.string(), list(anyText('a value'), { empty: ['expected at least one value'], most: [64, 'values'] }))
      .prefault({}),
    'Claims that must have one of these values.',
    removed('tokens with other values are accepted'),
    { examples: [{ token_use: ['access'] }] },
  ),
  clockSkew: decides(
    duration(0, 300_000).prefault('30s'),
    'How far the clock of the issuer may be off. Nothing is kept past the expiry of a token.',
    higher('tokens are accepted earlier and longer'),
  ),
};
