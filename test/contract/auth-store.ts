/** The requirements of every store, as one suite. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuthStore } from '../../src/auth-api/store/auth-store.ts';
import { describeConcurrency } from './auth-store-concurrency.ts';
import { describeEmails } from './auth-store-emails.ts';
import { describeKeyPairs } from './auth-store-keypairs.ts';
import { describeLinks } from './auth-store-links.ts';
import { describePasskeys } from './auth-store-passkeys.ts';
import { describeRecoveryCodes } from './auth-store-recovery-codes.ts';
import { user } from './auth-store-rows.ts';
import { describeSessions } from './auth-store-sessions.ts';
import { describeUsers } from './auth-store-users.ts';

/** `open` creates an empty store for each test. */
export function describeAuthStore(kind: string, open: () => Promise<AuthStore>): void {
  describe(`auth store: ${kind}`, () => {
    let store: AuthStore;
    const ana = user('ana');
    const ben = user('ben', { groups: [], roles: [] });
    const tested = () => ({ store, ana, ben });

    beforeEach(async () => {
      store = await open();
      expect(await store.users.create(ana, null)).toBe('done');
      expect(await store.users.create(ben, null)).toBe('done');
    });

    afterEach(() => store.close());

    describeUsers(tested);
    describeSessions(tested);
    describeKeyPairs(tested);
    describeEmails(tested);
    describePasskeys(tested);
    describeRecoveryCodes(tested);
    describeLinks(tested);
    describeConcurrency(tested);

    it('answers a ping', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });
  });
}
