/** Administration in the browser, as one without script uses it: people, sessions, lost passkeys; attacks with their controls. */
import { describe, expect, test } from 'vitest';
import { launchChromium, noChromium } from '../../support/chromium.ts';
import { CookieBrowser, type Visited } from '../../support/cookie-browser.ts';
import { createPasskey } from '../../support/software-authenticator.ts';
import { accountWorlds } from './accounts-world.ts';

const start = accountWorlds();
const path = '/.rolegate/people';
const noId = '11111111-2222-4333-8444-555555555555';

/** Where `ada` administers, and `ann` has signed up. */
async function world(options: Parameters<typeof start>[0] = {}) {
  const made = await start({ administrator: 'ada@example.test', ...options });
  const { gateway, origin, post } = made;
  const lastCode = () => gateway.codes.at(-1)!.code;
  async function member(email: string, browser = new CookieBrowser()) {
    await made.enter(browser, await made.askAccount(browser, await made.open(browser), email), lastCode());
    return browser;
  }
  async function signIn(email: string, browser = new CookieBrowser()) {
    await made.enter(browser, await made.askCode(browser, await made.open(browser), email), lastCode());
    return browser;
  }
  const people = (browser: CookieBrowser, search = '', headers: Record<string, string> = {}) =>
    browser.visit(origin + path + search, { headers });
  const [ada, ann] = [await signIn('ada@example.test'), await member('ann@example.test')];
  async function idOf(email: string) {
    const { text } = await people(ada, `?search=${email}`);
    return /href="[^"]*\?id=([0-9a-f-]{36})"/.exec(text)![1]!;
  }
  return {
    ...made,
    ada,
    ann,
    lastCode,
    member,
    signIn,
    people,
    idOf,
    change: (
      browser: CookieBrowser,
      fields: Record<string, string>,
      id: string | null = null,
      headers: Record<string, string> = {},
    ): Promise<Visited> => post(browser, id === null ? path : `${path}?id=${id}`, fields, headers),
    changes: () =>
      gateway
        .logLines()
        .filter(({ msg }) => msg === 'changed by an administrator')
        .map(({ operation, by, userId, sessionId, passkeyId }) => ({ operation, by, userId, sessionId, passkeyId })),
  };
}

/** A person without browser adds a passkey in a session of the API. */
async function withPasskey({ origin, gateway }: Awaited<ReturnType<typeof world>>, email: string) {
  async function call(method: string, to: string, body: object, bearer?: string) {
    const response = await fetch(`${origin}/api/auth/v2${to}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      body: JSON.stringify(body),
    });
    return JSON.parse(await response.text());
  }
  const { bearer, verificationCodeID } = await call('POST', '/session', { email });
  await call('PUT', '/session/verification', { verificationCodeID, code: gateway.codes.at(-1)!.code });
  const { options } = await call('POST', '/passkey/options', {}, bearer);
  const page = { origin, rpId: new URL(origin).hostname, challenge: options.challenge };
  const { credential } = createPasskey(page);
  const { passkeyID } = await call('POST', '/passkey', { name: 'Phone <b>', credential }, bearer);
  return passkeyID;
}

const hidden = (page: string, name: string) =>
  [...page.matchAll(new RegExp(`name="${name}" value="([^"]*)"`, 'g'))].map(([, value]) => value!);

const newcomer = { action: 'add', email: 'bob@example.test', fullName: 'Bob', alias: 'bob', roles: 'user admin' };

describe('people', () => {
  test('are found by the start of an address or of a short name, whatever the letter case', async () => {
    const { ada, people } = await world();
    const seen = async (search: string) =>
      [...(await people(ada, search)).text.matchAll(/\?id=[^>]*>([^<]+)</g)].map(([, address]) => address);
    expect(await seen('')).toEqual(['ada@example.test', 'ann@example.test']);
    expect(await seen('?search=ANN%40ex')).toEqual(['ann@example.test']);
    expect(await seen('?search=ad')).toEqual(['ada@example.test']);
    for (const none of ['nn@example', 'a%25', '%00', '%F0%9F%98%80', '_'])
      expect(await seen(`?search=${none}`)).toEqual([]);
    expect((await people(ada, '?search=zoe')).text).toContain('No person was found');
    expect((await people(ada, '?page=7')).text).toContain('2 people, page 7 of 1');
    for (const odd of ['0', '-1', '1.5', 'x', '1e99'])
      expect((await people(ada, `?page=${odd}`)).text).toContain('page 1 of 1');
  });

  test('fill pages of twenty, with the search in their links', async () => {
    const { ada, change, people } = await world();
    for (let i = 0; i < 20; i += 1) {
      await change(ada, { ...newcomer, email: `x${i}@example.test`, alias: `x${i}` });
    }
    const first = await people(ada, '');
    expect(first.text.match(/\?id=/g)).toHaveLength(20);
    expect(first.text).toContain('22 people, page 1 of 2');
    const second = await people(ada, '?search=&page=2');
    expect(second.text.match(/\?id=/g)).toHaveLength(2);
    expect(second.text).toContain('rel="prev"');
    expect((await people(ada, '?search=x')).text).not.toContain('rel="next"');
  });

  test('one is added by mail with roles, signs in with them, and the log has who did it', async () => {
    const { ada, ann, change, changes, idOf, signIn, origin, people, service } = await world();
    const added = await change(ada, newcomer);
    expect([added.status, added.url.includes('?id=')]).toEqual([200, true]);
    expect(added.text).toContain('Roles: admin, user');
    const bob = await signIn('bob@example.test');
    await bob.visit(origin);
    expect(service.requests.at(-1)!.header('x-roles')).toEqual(['admin,user']);
    expect(changes()).toEqual([
      expect.objectContaining({
        operation: 'createUser',
        by: await idOf('ada@example.test'),
        userId: await idOf('bob@example.test'),
      }),
    ]);
    expect((await people(ann)).status).toBe(403);
  });

  test('one who is added gets a mail at that address that says how to sign in, and a refused one gets none', async () => {
    const made = await start({ administrator: 'ada@example.test', mail: true });
    const ada = new CookieBrowser();
    const page = await made.askCode(ada, await made.open(ada), 'ada@example.test');
    const [code = ''] = /\b\d{6}\b/.exec((await made.mails.arrived(1)).parsed.text!) ?? [];
    await made.enter(ada, page, code);
    for (const refused of [{ alias: 'ada' }, { fullName: 'Bob\r\nBcc: eve@example.test' }])
      expect((await made.post(ada, path, { ...newcomer, ...refused })).status).toBe(400);
    const added = await made.post(ada, path, newcomer);
    const { from, to, parsed } = await made.mails.arrived(2);
    expect([added.status, from, to, parsed.subject]).toEqual([
      200,
      'no-reply@example.test',
      ['bob@example.test'],
      'Your new account',
    ]);
    const text = parsed.text!.replaceAll(/\s+/g, ' ');
    expect(text).toContain('an account was made for you with this e-mail address.');
    expect(text).toContain('To sign in, request a code with this address.');
    expect(text).toContain('Hello Bob,');
    expect(parsed.html).toContain('To sign in, request a code with this address.');
  });

  test.each([
    ['a taken address', { ...newcomer, email: 'ANN@example.test' }, 'Another account has this address'],
    ['a taken short name', { ...newcomer, alias: 'ann' }, 'Another account has this address'],
    ['no address', { ...newcomer, email: 'bob' }, 'Please fill in all fields'],
    ['a role that cannot be one', { ...newcomer, roles: 'user a/b' }, 'Please fill in all fields'],
  ])('one with %s is not added, and the form keeps what was entered', async (_name, fields, message) => {
    const { ada, change, changes } = await world();
    const refused = await change(ada, fields);
    expect([refused.status, refused.text.includes(message)]).toEqual([400, true]);
    expect(refused.text).toContain(`value="${fields.fullName}"`);
    expect(refused.text).toContain(`value="${fields.roles}"`);
    expect(changes()).toEqual([]);
  });
});

describe('a person', () => {
  test('loses one session, then all of them, at once', async () => {
    const { ada, ann, change, changes, idOf, open, people, signIn } = await world();
    const [by, userId] = [await idOf('ada@example.test'), await idOf('ann@example.test')];
    const other = await signIn('ann@example.test');
    const page = await people(ada, `?id=${userId}`);
    const sessions = hidden(page.text, 'session');
    expect(sessions).toHaveLength(2);
    const after = await change(ada, { action: 'end-session', session: sessions[0]! }, userId);
    expect(hidden(after.text, 'session')).toEqual([sessions[1]]);
    const isIn = async (browser: CookieBrowser) => !(await open(browser)).url.includes('/.rolegate/');
    expect([await isIn(ann), await isIn(other)]).toEqual([false, true]);
    const again = await change(ada, { action: 'end-session', session: sessions[0]! }, userId);
    expect([again.status, again.text.includes('has changed in the meantime')]).toEqual([400, true]);
    const third = await signIn('ann@example.test');
    expect(await isIn(third)).toBe(true);
    expect((await change(ada, { action: 'end-sessions' }, userId)).text).toContain('Signed in nowhere');
    expect([await isIn(other), await isIn(third), await isIn(ada)]).toEqual([false, false, true]);
    expect(changes()).toEqual([
      expect.objectContaining({ operation: 'revokeAnySession', by, sessionId: sessions[0] }),
      expect.objectContaining({ operation: 'endUserSessions', by, userId }),
    ]);
  });

  test('loses a lost passkey', async () => {
    const made = await world({ passkeys: true });
    const { ada, change, changes, idOf, people } = made;
    const passkeyId = await withPasskey(made, 'ann@example.test');
    const [by, userId] = [await idOf('ada@example.test'), await idOf('ann@example.test')];
    const page = await people(ada, `?id=${userId}`);
    expect(page.text).toContain('Phone &#60;b&#62;');
    expect(page.text).toContain('never used');
    expect(hidden(page.text, 'passkey')).toEqual([passkeyId]);
    // With the id of another person, nothing is removed.
    expect((await change(ada, { action: 'remove-passkey', passkey: passkeyId }, by)).status).toBe(400);
    const removed = await change(ada, { action: 'remove-passkey', passkey: passkeyId }, userId);
    expect(removed.text).toContain('There are none');
    expect(changes()).toEqual([expect.objectContaining({ operation: 'removeUserPasskey', by, userId, passkeyId })]);
  });

  test('with the role who removes passkeys of their own too often must wait, and the page says so', async () => {
    const { ada, change, idOf } = await world({ passkeys: true });
    const by = await idOf('ada@example.test');
    const remove = () => change(ada, { action: 'remove-passkey', passkey: noId }, by);
    for (let mail = 0; mail < 10; mail += 1) expect((await remove()).status).toBe(400);
    const { status, text } = await remove();
    expect([status, text.includes('There were too many attempts')]).toEqual([429, true]);
  });

  test('has no passkeys where there are none at all', async () => {
    const { ada, idOf, people } = await world();
    const { status, text } = await people(ada, `?id=${await idOf('ann@example.test')}`);
    expect([status, text.includes('Passkeys')]).toEqual([200, false]);
  });
});

describe('what is refused', () => {
  test('a person without the role, and one who has just lost it (control: the administrator)', async () => {
    const { ada, ann, change, changes, idOf, people, origin, lastCode, gateway } = await world();
    const userId = await idOf('ann@example.test');
    const session = hidden((await people(ada, `?id=${userId}`)).text, 'session')[0]!;
    for (const seen of [
      await people(ann),
      await people(ann, `?id=${userId}`),
      await change(ann, newcomer),
      await change(ann, { action: 'end-session', session }, userId),
      await change(ann, { action: 'end-sessions' }, await idOf('ada@example.test')),
      await change(ann, { action: 'remove-passkey', passkey: noId }, userId),
    ]) {
      expect([seen.status, seen.headers.get('x-error'), seen.text.includes('for administrators')]).toEqual([
        ...[403, 'A required role is missing', true],
      ]);
      expect(seen.text).not.toContain('ada@example.test');
    }
    expect(changes()).toEqual([]);
    // Another administrator takes the role away, by the API.
    await change(ada, { ...newcomer, roles: 'user users_admin' });
    const call = (method: string, to: string, body?: object, headers = {}) =>
      fetch(`${origin}/api/auth/v2${to}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    const asked = await (await call('POST', '/session', { email: 'bob@example.test' })).json();
    const { bearer, verificationCodeID } = asked as Record<string, string>;
    await call('PUT', '/session/verification', { verificationCodeID, code: lastCode() });
    const headers = { authorization: `Bearer ${bearer}` };
    expect((await people(ada)).status).toBe(200);
    const ofAda = `/admin/user/${await idOf('ada@example.test')}/roles/users_admin`;
    expect((await call('DELETE', ofAda, undefined, headers)).status).toBe(202);
    expect((await people(ada)).status).toBe(403);
    expect((await change(ada, { ...newcomer, email: 'eve@example.test', alias: 'eve' })).status).toBe(403);
    expect(gateway.logText()).not.toContain('eve@example.test');
  });

  test.each([
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a sibling domain', { origin: 'https://sibling.example.com', 'sec-fetch-site': 'same-site' }],
    ['no stated origin, from another site', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ])('forms of %s (control: the own page)', async (_name, headers) => {
    const { ada, change, changes, idOf } = await world();
    const userId = await idOf('ann@example.test');
    expect((await change(ada, newcomer, null, headers)).status).toBe(403);
    expect((await change(ada, { action: 'end-sessions' }, userId, headers)).status).toBe(403);
    expect(changes()).toEqual([]);
    expect((await change(ada, { action: 'end-sessions' }, userId)).status).toBe(200);
    expect(changes()).toHaveLength(1);
  });

  test.each([
    ['of nobody', noId],
    ['that is none', 'x'],
    ['that leads to another operation', `${noId}/../../users`],
    ['in capitals', noId.replaceAll('1', 'A')],
    ['that is empty', ''],
  ])('a user id %s', async (_name, forged) => {
    const { ada, change, changes, people } = await world();
    const id = encodeURIComponent(forged);
    for (const seen of [
      await people(ada, `?id=${id}`),
      await change(ada, { action: 'end-sessions' }, id),
      await change(ada, { action: 'end-session', session: forged }, id),
      await change(ada, { action: 'remove-passkey', passkey: forged }, id),
    ])
      expect([seen.status, seen.text.includes('has changed in the meantime')]).toEqual([400, true]);
    expect(changes()).toEqual([]);
  });

  test('changes some time after the sign-in, until one signs in again (control: at once)', async () => {
    const recent = await world();
    expect((await recent.people(recent.ada)).text).toContain('name="action" value="add"');
    const made = await world({ embedded: '    recentSignIn: 1s' });
    const { ada, askCode, change, changes, enter, idOf, lastCode, people } = made;
    const userId = await idOf('ann@example.test');
    await expect.poll(async () => (await people(ada)).text, { timeout: 5_000 }).toContain('Sign in again');
    const page = await people(ada, `?id=${userId}`);
    expect(page.text).toContain('Sign in again');
    expect(hidden(page.text, 'session')).toEqual([]);
    for (const [fields, id] of [
      [newcomer, null],
      [{ action: 'end-sessions' }, userId],
    ] as const)
      expect((await change(ada, fields, id)).text).toContain('action="/.rolegate/address"');
    expect(changes()).toEqual([]);
    const led = await change(ada, { action: 'end-sessions' }, userId);
    const back = await enter(ada, await askCode(ada, led, 'ada@example.test'), lastCode());
    expect(back.url).toContain(`${path}?id=${userId}`);
    expect(back.text).toContain('ann@example.test');
    expect(changes()).toEqual([]);
  });

  test('a browser without a session, which is led to the sign-in and back', async () => {
    const { change, people } = await world();
    for (const seen of [await people(new CookieBrowser()), await change(new CookieBrowser(), newcomer)])
      expect(seen.text).toContain('action="/.rolegate/address"');
  });
});

test('the account page leads administrators there, and nobody else', async () => {
  const { ada, ann, origin } = await world();
  const link = `href="${path}"`;
  expect((await ada.visit(`${origin}/.rolegate/account`)).text).toContain(link);
  expect((await ann.visit(`${origin}/.rolegate/account`)).text).not.toContain(link);
});

test('it is in Spanish for browsers that prefer it, and has no script', async () => {
  const { ada, ann, idOf, people } = await world();
  const spanish = { 'accept-language': 'es' };
  for (const [seen, words] of [
    [await people(ada, '', spanish), 'Añadir a una persona'],
    [await people(ada, `?id=${await idOf('ann@example.test')}`, spanish), 'Cerrar todas las sesiones'],
    [await people(ann, '', spanish), 'Esta página es para administradores'],
  ] as const) {
    expect(seen.text).toContain('<html lang="es">');
    expect(seen.text).toContain(words);
    expect(seen.text).not.toContain('<script');
  }
});

test('a long address does not make the pages wider than a phone', async ({ skip }) => {
  const chromium = await launchChromium();
  if (chromium === null) return skip(noChromium);
  try {
    const { origin, member, lastCode } = await world();
    await member('someone.with.several.names.and.many.letters@department.example.test');
    const page = await (await chromium.newContext({ viewport: { width: 390, height: 800 } })).newPage();
    await page.goto(`${origin}/`);
    await page.fill('#email', 'ada@example.test');
    await page.locator('button').first().click();
    await page.fill('#code', lastCode());
    await page.locator('button').first().click();
    await page.waitForURL(`${origin}/`);
    const width = () => page.evaluate('document.documentElement.scrollWidth');
    await page.goto(origin + path);
    expect(await width()).toBe(390);
    await page.getByRole('link', { name: /^someone/ }).click();
    expect(await page.locator('h1').textContent()).toContain('someone');
    expect(await width()).toBe(390);
  } finally {
    await chromium.close();
  }
});
