/** Keys of a route that concern how its users signed in, and the tokens that this gave. */
import { forwardedTokens } from '../../core/routing/route.ts';
import { Problem } from '../problem.ts';
import { added, anyChange, decides, exposes } from './key.ts';
import { list, refined } from './refine.ts';
import { text, word } from './scalar.ts';

const expected = 'a value of "acr", without blanks and quotes';

const acrValue = text(expected, (value) =>
  /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(value) ? value : new Problem(`expected ${expected}`),
);

/** They travel in addresses. */
const maxAcrLength = 2_000;

const acrValues = refined(
  list(acrValue, { empty: ['expected at least one value'], most: [16, 'values'], distinct: 'value' }),
  (values, { at }) => {
    const length = values.reduce((sum, value) => sum + (value?.length ?? 0) + 1, 0);
    if (length > maxAcrLength) at([], `at most ${maxAcrLength} characters in all`);
  },
);

export const acr = decides(
  acrValues.optional(),
  'Ways of signing in that the route accepts, the preferred one first: values of the claim "acr", which "identity.claims" must declare. Another or unknown one returns 401 "sign_in_too_weak", with the challenge insufficient_user_authentication and acr_values (RFC 9470), and a navigation is sent to sign in with acr_values. For every method whose rule needs a credential. If unset, any way.',
  added('sign-ins of these kinds are accepted', { loosest: 'unset' }),
  { examples: [['urn:example:two-factors']], alternative: true },
);

export const forwardToken = exposes(
  word(forwardedTokens).optional(),
  'Token of the provider that the upstream receives as "Authorization: Bearer" with requests of a session: access, or id. It is refreshed in the background. If it has ended and cannot be refreshed, the session ends. Authorization of the client is removed. Only on routes whose "credentials" list "session". If unset, none.',
  anyChange('the service can use the token at the provider and at other services'),
  { examples: ['access'], alternative: true },
);
