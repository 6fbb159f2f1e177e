/** Roles that need a passkey, through the whole gateway: what a session opened by a code, and a key, do not have; with controls. */
import { describe, expect, test } from 'vitest';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { passkeyWorlds } from './passkey-world.ts';

const start = passkeyWorlds();
const people = '/.rolegate/people';
const routes = `  - { id: ops, match: { path: /ops }, upstream: pages, credentials: [session, bearer, keyPair], access: [users_admin] }
  - { id: rest, match: { path: /rest }, upstream: pages, credentials: [session, bearer, keyPair], access: [user] }`;

/** Where `ada` administers. */
async function world(passkeyRules = '') {
  const made = await start({ administrator: 'ada@example.test', routes, passkeyRules });
  const { origin, gateway, service, askCode, open, enter, api } = made;
  const lastCode = () => gateway.codes.at(-1)!.code;
  async function signIn(email: string) {
    const browser = new CookieBrowser();
    await enter(browser, await askCode(browser, await open(browser), email), lastCode());
    return browser;
  }
  async function keyOf(bearer: string) {
    const made = (await api.call('POST', '/keypair', { name: 'Script', days: 1 }, bearer)).json;
    const { verificationCodeID, apiKey, apiSecret } = made;
    await api.call('PUT', '/keypair/verification', { verificationCodeID, code: lastCode() }, bearer);
    return { 'api-key': String(apiKey), 'api-secret': String(apiSecret) };
  }
  const ada = await signIn('ada@example.test');
  const code = await api.signIn('ada@example.test');
  return {
    ...made,
    ada,
    code,
    keyOf,
    signIn,
    status: async (headers: Record<string, string>) => (await fetch(`${origin}/ops`, { headers })).status,
    at: async (browser: CookieBrowser, path = '/ops') => (await browser.visit(origin + path)).status,
    rolesAt: async (browser: CookieBrowser) => {
      await browser.visit(`${origin}/rest`);
      return service.requests.at(-1)!.header('x-roles');
    },
  };
}

describe('an administrator with a passkey', () => {
  test('is one only in sessions that it opened, on every route and page, whatever was cached before', async () => {
    const made = await world();
    const { ada, add, at, code, keyOf, open, rolesAt, status, usePasskey } = made;
    const key = await keyOf(code);
    const bearer = { authorization: `Bearer ${code}` };
    // Control: without a passkey, a code is enough, and the results are cached.
    expect([await at(ada), await at(ada, people), await status(bearer), await status(key)]).toEqual([
      200, 200, 200, 200,
    ]);
    const passkey = await add({}, code);
    expect([await at(ada), await at(ada, people), await status(bearer), await status(key)]).toEqual([
      403, 403, 403, 403,
    ]);
    const strong = new CookieBrowser();
    await usePasskey(strong, await open(strong), passkey.key);
    for (let i = 0; i < 3; i += 1) {
      expect([await at(strong), await at(ada), await at(strong, people), await at(ada, people)]).toEqual([
        200, 403, 200, 403,
      ]);
      expect([await rolesAt(strong), await rolesAt(ada)]).toEqual([['user,users_admin'], ['user']]);
      expect([await status(bearer), await status(key)]).toEqual([403, 403]);
    }
    expect(await status({ authorization: `Bearer ${await made.signInBy(passkey.key)}` })).toBe(200);
  });

  test('is led from the page of people to a sign-in with it, and back', async () => {
    const { ada, add, code, open, origin, usePasskey } = await world();
    const passkey = await add({}, code);
    const account = await ada.visit(`${origin}/.rolegate/account`);
    expect(account.text).toContain(`href="${people}"`);
    const page = await ada.visit(origin + people);
    expect([page.headers.get('x-error'), page.text.includes('A passkey is needed here')]).toEqual([
      'A required role is missing',
      true,
    ]);
    const address = /href="([^"]*acr_values=phr[^"]*)"/.exec(page.text)![1]!.replaceAll('&#38;', '&');
    const signIn = await open(ada, address);
    expect([signIn.text.includes('Sign in with a passkey'), signIn.text.includes('name="email"')]).toEqual([
      true,
      false,
    ]);
    const back = await usePasskey(ada, signIn, passkey.key);
    expect([back.status, back.url, back.text.includes('ann@example.test')]).toEqual([200, origin + people, true]);
  });

  test('is not led on by a code that is entered all the same', async () => {
    const { ada, add, code, open, origin, post, enter, gateway } = await world();
    await add({}, code);
    const signIn = await open(ada, `/.rolegate/sign-in/authApi?go=1&acr_values=phr&return_to=${people}`);
    const state = new URL(signIn.url).searchParams.get('state')!;
    const asked = await post(ada, '/.rolegate/address', { state, email: 'ada@example.test' });
    const entered = await enter(ada, asked, gateway.codes.at(-1)!.code);
    expect([entered.url.includes('/.rolegate/address'), entered.text.includes('A passkey is needed here')]).toEqual([
      true,
      true,
    ]);
    expect((await ada.visit(origin + people)).status).toBe(403);
  });
});

describe('requiredForRoles', () => {
  test('with a role needs a passkey of every user, who adds a first one and signs in with it', async () => {
    const { ada, add, at, code, open, origin, usePasskey } = await world(', requiredForRoles: [users_admin]');
    expect([await at(ada), await at(ada, '/rest'), await at(ada, people)]).toEqual([403, 200, 403]);
    expect((await ada.visit(origin + people)).text).toContain('href="/.rolegate/account/passkeys"');
    const passkey = await add({}, code);
    expect(await at(ada)).toBe(403);
    const strong = new CookieBrowser();
    await usePasskey(strong, await open(strong), passkey.key);
    expect([await at(strong), await at(strong, people)]).toEqual([200, 200]);
  });

  test('with another role keeps that an administrator with a passkey needs it', async () => {
    const { ada, add, at, code, open, usePasskey } = await world(', requiredForRoles: [admin]');
    // Control: without a passkey, a code is enough.
    expect([await at(ada), await at(ada, people)]).toEqual([200, 200]);
    const passkey = await add({}, code);
    expect([await at(ada), await at(ada, people)]).toEqual([403, 403]);
    const strong = new CookieBrowser();
    await usePasskey(strong, await open(strong), passkey.key);
    expect([await at(strong), await at(strong, people)]).toEqual([200, 200]);
  });

  test('with no role needs none (control of the rest)', async () => {
    const { ada, add, at, code } = await world(', requiredForRoles: []');
    await add({}, code);
    expect([await at(ada), await at(ada, people)]).toEqual([200, 200]);
  });

  test('is stated by the API', async () => {
    const { api, code } = await world(', requiredForRoles: [users_admin]');
    const session = await api.call('GET', '/session', undefined, code);
    expect([session.json.roles, session.json.withheldRoles]).toEqual([['user'], ['users_admin']]);
    const refused = await api.call('GET', '/admin/users', undefined, code);
    expect([refused.status, refused.json.code]).toEqual([401, 'passkey_required']);
  });
});
