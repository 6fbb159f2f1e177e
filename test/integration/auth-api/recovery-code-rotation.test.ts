/** Recovery codes after their secret was replaced: usable and counted while it is kept, neither once it is removed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import { createPasskey, signChallenge } from '../../support/software-authenticator.ts';
import { testSettings } from './start-auth-api.ts';

const page = { origin: 'https://app.example.test', rpId: 'app.example.test' };
const passkeys = { ...page, name: 'Example', requiredForRoles: null };
const [old, current] = ['old', 'current'].map((name) => `${name} secret of more than thirty-two characters`) as [
  string,
  string,
];

/** One Auth API after the other on one database. */
async function world() {
  const folder = mkdtempSync(join(tmpdir(), 'auth-api-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const person = { email: 'ana@example.test', fullName: 'Ana', alias: 'ana', roles: [], groups: [] };
  let key: (ReturnType<typeof createPasskey>['key'] & { readonly userHandle: string }) | null = null;
  return async (secret: string, previousSecrets: readonly string[]) => {
    const settings = { ...testSettings, passkeys, database: join(folder, 'auth.db'), secret, previousSecrets };
    const api = await createAuthApi({ settings, log: { info() {}, warn() {}, error() {} } });
    const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
    const userId = (await api.findUser(person.email)) ?? (await api.createUser(person)).userId;
    const call = async (method: string, path: string, bearer = '', body?: object) => {
      const headers = bearer === '' ? {} : { authorization: `Bearer ${bearer}` };
      const json = body === undefined ? {} : { body: JSON.stringify(body) };
      const response = await fetch(`http://127.0.0.1:${port}/api/auth/v2${path}`, { method, headers, ...json });
      return { status: response.status, body: z.any().parse(await response.json()) };
    };
    async function addPasskey(): Promise<NonNullable<typeof key>> {
      const { bearer } = await api.createVerifiedSession(userId);
      const { options } = (await call('POST', '/passkey/options', bearer)).body;
      const created = createPasskey({ ...page, challenge: options.challenge });
      await call('POST', '/passkey', bearer, { name: 'Phone', credential: created.credential });
      return { ...created.key, userHandle: String(options.user.id) };
    }
    return {
      close: () => api.close(),
      async createCodes(): Promise<string[]> {
        key ??= await addPasskey();
        const { options } = (await call('POST', '/session/passkey/options')).body;
        const credential = signChallenge({ ...page, ...key, challenge: options.challenge });
        const { bearer } = (await call('POST', '/session/passkey', '', { credential })).body;
        return (await call('POST', '/recovery-codes', bearer)).body.codes;
      },
      async unused(): Promise<number> {
        const { bearer } = await api.createVerifiedSession(userId);
        return (await call('GET', '/recovery-codes', bearer)).body.unused;
      },
      use: async (code = '') => (await call('POST', '/session/recovery', '', { code })).status,
    };
  };
}

test('recovery codes work and count while their secret is kept, and neither once it is removed', async () => {
  const under = await world();
  const before = await under(old, []);
  const codes = await before.createCodes();
  await before.close();

  const both = await under(current, [old]);
  expect([await both.unused(), await both.use(codes[0]), await both.unused()]).toEqual([10, 202, 9]);
  await both.close();

  const after = await under(current, []);
  expect([await after.unused(), await after.use(codes[1])]).toEqual([0, 401]);
  const renewed = await after.createCodes();
  expect([await after.unused(), await after.use(renewed[0]), await after.unused()]).toEqual([10, 202, 9]);
  await after.close();
});
