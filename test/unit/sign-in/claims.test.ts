/** The claims of a session after a refresh. */
import { expect, test } from 'vitest';
import { claimsOf } from '../../../src/sign-in/openid-provider.ts';

const before = { sub: 'ann', roles: ['admin'], auth_time: 1, sid: 's', nonce: 'n' };

test('a claim that a new ID token omits is gone, except what is said once at the sign-in', () => {
  expect(claimsOf(before, { email: 'a@b.test' }, { sub: 'ann', iat: 2 })).toEqual({
    sub: 'ann',
    iat: 2,
    email: 'a@b.test',
    auth_time: 1,
    sid: 's',
  });
});

test('without a new ID token the earlier one counts, and UserInfo is newer', () => {
  expect(claimsOf(before, { roles: ['reader'] }, undefined)).toEqual({ ...before, roles: ['reader'] });
});

test('at the sign-in the ID token counts before UserInfo', () => {
  expect(claimsOf(undefined, { roles: ['x'], email: 'a@b.test' }, { roles: ['y'] })).toEqual({
    roles: ['y'],
    email: 'a@b.test',
  });
});

test('an address is verified only by what names it: an earlier statement about another one is gone', () => {
  const verified = { email: 'a@b.test', email_verified: true };
  expect(claimsOf(verified, { email: 'c@d.test' }, undefined)).toEqual({ email: 'c@d.test' });
  expect(claimsOf(verified, verified, { email: 'c@d.test' })).toEqual({ email: 'c@d.test' });
  expect(claimsOf(undefined, { email: null, email_verified: true }, { email: 'c@d.test' })).toEqual({
    email: 'c@d.test',
  });
  // Control.
  expect(claimsOf(verified, { email: 'a@b.test' }, undefined)).toEqual(verified);
  expect(claimsOf(undefined, verified, { email: 'a@b.test' })).toEqual(verified);
});
