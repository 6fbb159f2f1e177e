/** The operation of administrators removes a passkey of the caller under the rules of the owner's operation alone. */
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createPasskey, signChallenge } from '../../support/software-authenticator.ts';
import { startAuthApi, testSettings } from './start-auth-api.ts';

const page = { origin: 'https://app.example.test', rpId: 'app.example.test' };
// With an empty list, sessions without a passkey and keys have the role, too.
const passkeys = { ...page, name: 'Example', requiredForRoles: [] };
const limits = { ...testSettings.limits, mailsPerUser: 2 };

type Credentials = Readonly<Record<string, string>>;

/** An administrator with a passkey, and another user with one. */
async function world() {
  let nowMs = Date.now();
  const started = await startAuthApi({ settings: { ...testSettings, passkeys, limits }, now: () => nowMs });
  const { api, port, userId: anaId, lastCode } = started;
  onTestFinished(() => api.close());
  async function call(method: string, path: string, body?: object, headers: Credentials = {}) {
    const response = await fetch(`http://127.0.0.1:${port}/api/auth/v2${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: z.any().parse(await response.json()) };
  }
  async function withPasskey(userId: string) {
    const asOwner = bearerOf(await api.createVerifiedSession(userId));
    const { options } = (await call('POST', '/passkey/options', {}, asOwner)).json;
    const { credential, key } = createPasskey({ ...page, challenge: options.challenge });
    const { passkeyID } = (await call('POST', '/passkey', { name: 'Phone', credential }, asOwner)).json;
    return { passkeyID: String(passkeyID), key: { ...page, ...key, userHandle: String(options.user.id) } };
  }
  const account = { email: 'ada@example.test', fullName: 'Ada', alias: 'ada', groups: ['public'] };
  const { userId: adaId } = await api.createUser({ ...account, roles: ['users_admin'] });
  const [own, others] = [await withPasskey(adaId), await withPasskey(anaId)];
  return {
    async byCode() {
      const { bearer } = (await call('POST', '/session', { email: account.email })).json;
      const { codeId: verificationCodeID, code } = lastCode();
      await call('PUT', '/session/verification', { verificationCodeID, code });
      return bearerOf({ bearer });
    },
    async byPasskey() {
      const { challenge } = (await call('POST', '/session/passkey/options', {})).json.options;
      const credential = signChallenge({ ...own.key, challenge });
      return bearerOf((await call('POST', '/session/passkey', { credential })).json);
    },
    async byKey(): Promise<Credentials> {
      const { apiKey, apiSecret } = await api.createVerifiedKeyPair(adaId, 'Example', 1);
      return { 'api-key': apiKey, 'api-secret': apiSecret };
    },
    local: async () => bearerOf(await api.createVerifiedSession(adaId)),
    wait(ms: number) {
      nowMs += ms;
    },
    async removeOwn(as: Credentials) {
      const { status, json } = await call('DELETE', `/admin/user/${adaId}/passkeys/${own.passkeyID}`, undefined, as);
      return json.code ?? status;
    },
    async removeOthers(as: Credentials) {
      const { status, json } = await call('DELETE', `/admin/user/${anaId}/passkeys/${others.passkeyID}`, undefined, as);
      return json.code ?? status;
    },
    async removeUnknown(as: Credentials) {
      return (await call('DELETE', `/passkey/${crypto.randomUUID()}`, undefined, as)).json.code;
    },
  };
}

function bearerOf({ bearer }: { readonly bearer: string }): Credentials {
  return { authorization: `Bearer ${bearer}` };
}

it.each(['byCode', 'byKey'] as const)('a credential %s removes none (control: one of another user)', async (way) => {
  const made = await world();
  const as = await made[way]();
  expect(await made.removeOwn(as)).toBe('passkey_required');
  expect(await made.removeOthers(as)).toBe(202);
  expect(await made.removeOwn(await made.byPasskey())).toBe(202);
});

it.each(['byPasskey', 'local'] as const)('an old session %s removes none (control: a new one)', async (way) => {
  const made = await world();
  const old = await made[way]();
  made.wait(600_000);
  expect(await made.removeOwn(old)).toBe('sign_in_too_old');
  expect(await made.removeOthers(old)).toBe(202);
  expect(await made.removeOwn(await made[way]())).toBe(202);
});

it('it counts as a mail to the owner', async () => {
  const made = await world();
  const as = await made.byPasskey();
  // Each is charged, although there is no such passkey. The passkey that was added is one of the two.
  expect(await made.removeUnknown(as)).toBe('passkey_unknown');
  expect(await made.removeOwn(as)).toBe('attempts_exceeded');
  expect(await made.removeOthers(as)).toBe(202);
  made.wait(600_000);
  expect(await made.removeOwn(await made.byPasskey())).toBe(202);
});
