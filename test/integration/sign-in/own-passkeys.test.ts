/** The page of a person's own passkeys: what the script does, in software; attacks with their controls. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { createPasskey } from '../../support/software-authenticator.ts';
import { passkeyWorlds } from './passkey-world.ts';

const start = passkeyWorlds();
const path = '/.rolegate/account/passkeys';

async function world(options: Parameters<typeof start>[0] = {}) {
  const made = await start(options);
  const { origin, page, post } = made;
  const ask = async (browser: CookieBrowser) => {
    const headers = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
    const response = await browser.open(`${origin}/.rolegate/account/passkey-options`, { method: 'POST', headers });
    return { status: response.status, json: z.any().parse(response.status === 200 ? await response.json() : null) };
  };
  const change = (browser: CookieBrowser, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    post(browser, path, fields, headers);
  return {
    ...made,
    ask,
    change,
    list: (browser: CookieBrowser) => browser.visit(origin + path),
    /** A passkey of an authenticator at `from`, for the form of `browser`. */
    async create(browser: CookieBrowser, from: Partial<typeof page> = {}) {
      const { options } = (await ask(browser)).json;
      const { credential, key } = createPasskey({ ...page, ...from, challenge: options.challenge });
      const userHandle = String(options.user.id);
      return { credential: JSON.stringify(credential), key: { ...page, ...key, userHandle } };
    },
  };
}

const idIn = (page: string) => /name="id" value="([^"]*)"/.exec(page)?.[1] ?? '';

describe('the page', () => {
  test('adds a passkey that signs in, shows its last use, renames and removes it', async () => {
    const { origin, ann, list, create, change, open, usePasskey, session } = await world();
    const empty = await list(ann);
    expect(empty.text).toContain('data-options="/.rolegate/account/passkey-options" data-create hidden');
    expect(empty.headers.get('content-security-policy')).toContain(`script-src ${origin}/.rolegate/passkeys.js;`);
    const { credential, key } = await create(ann);
    const added = await change(ann, { action: 'add', name: 'Phone <b>', credential });
    expect([added.status, added.text.includes('Phone &#60;b&#62;'), added.text.includes('never used')]).toEqual([
      200,
      true,
      true,
    ]);
    const other = new CookieBrowser();
    await usePasskey(other, await open(other), key);
    expect(session(other)).toBeDefined();
    expect((await list(ann)).text).toMatch(/last used \d{4}-\d\d-\d\d/);
    const id = idIn(added.text);
    expect((await change(ann, { action: 'rename', id, name: 'Old phone' })).text).toContain('Old phone');
    expect((await change(other, { action: 'remove', id })).text).not.toContain('Old phone');
    const gone = new CookieBrowser();
    expect((await usePasskey(gone, await open(gone), key)).text).toContain('was not accepted');
    expect(session(gone)).toBeUndefined();
  });

  test('is linked from the account, and is in Spanish for browsers that prefer it', async () => {
    const { origin, ann } = await world();
    expect((await ann.visit(`${origin}/.rolegate/account`)).text).toContain(`href="${path}"`);
    const seen = await ann.visit(origin + path, { headers: { 'accept-language': 'es' } });
    expect([seen.text.includes('<html lang="es">'), seen.text.includes('Sus llaves de acceso')]).toEqual([true, true]);
  });

  test.each([
    ['a credential that is none', { action: 'add', name: 'Phone', credential: '{}' }, 'was not accepted'],
    ['no credential', { action: 'add', name: 'Phone' }, 'was not accepted'],
    ['an empty name', { action: 'add', name: '' }, 'at most 100 characters'],
    ['an id of no passkey', { action: 'remove', id: '11111111-2222-4333-8444-555555555555' }, 'in the meantime'],
    ['no id', { action: 'rename', id: 'x', name: 'Phone' }, 'in the meantime'],
  ])('says what was wrong with %s', async (_name, fields: Record<string, string>, message) => {
    const { ann, change } = await world();
    const refused = await change(ann, fields);
    expect([refused.status, refused.text.includes(message)]).toEqual([400, true]);
  });
});

test('a removed passkey signs out where it was used, at once, and no other session (control: before)', async () => {
  const { api, add, signInBy, ann, change, list, open, usePasskey } = await world();
  const lost = await add();
  const kept = await add();
  const byLost = new CookieBrowser();
  await usePasskey(byLost, await open(byLost), lost.key);
  const program = await signInBy(lost.key);
  const owner = new CookieBrowser();
  await usePasskey(owner, await open(owner), kept.key);
  const isIn = async (browser: CookieBrowser) => !(await open(browser)).url.includes('/.rolegate/');
  const statusOf = async (bearer: string) => (await api.call('GET', '/session', undefined, bearer)).status;
  expect([await isIn(byLost), await isIn(ann), await isIn(owner), await statusOf(program)]).toEqual([
    true,
    true,
    true,
    200,
  ]);
  expect((await list(owner)).text).toContain('signs out');
  expect((await change(owner, { action: 'remove', id: lost.id })).status).toBe(200);
  expect([await isIn(byLost), await isIn(ann), await isIn(owner), await statusOf(program)]).toEqual([
    false,
    true,
    true,
    401,
  ]);
  // The session that removes its own passkey goes on.
  await change(owner, { action: 'remove', id: kept.id });
  expect(await isIn(owner)).toBe(true);
});

describe('what is refused', () => {
  test('the page, its options and its forms without a session lead to the sign-in', async () => {
    const { ask, list, change } = await world();
    for (const seen of [await list(new CookieBrowser()), await change(new CookieBrowser(), { action: 'add' })])
      expect(seen.text).toContain('action="/.rolegate/address"');
    expect((await ask(new CookieBrowser())).status).toBe(303);
  });

  test('a passkey for another origin or for the session of another person (control: the own one)', async () => {
    const { ann, create, change, list, open, askAccount, enter, gateway } = await world();
    const eve = new CookieBrowser();
    await enter(eve, await askAccount(eve, await open(eve), 'eve@example.test'), gateway.codes.at(-1)!.code);
    const elsewhere = await create(ann, { origin: 'http://evil.localhost' });
    const ofEve = await create(eve);
    for (const { credential } of [elsewhere, ofEve]) {
      expect((await change(ann, { action: 'add', name: 'Evil', credential })).status).toBe(400);
    }
    expect((await list(ann)).text).not.toContain('Evil');
    const added = await change(eve, { action: 'add', name: 'Mine', credential: ofEve.credential });
    expect(added.text).toContain('Mine');
    // Nor does she see or change those of others.
    const theft = await change(ann, { action: 'remove', id: idIn(added.text) });
    expect([theft.status, (await list(eve)).text.includes('Mine')]).toEqual([400, true]);
  });

  test('forms of another site (control: the same form)', async () => {
    const { ann, create, change, list } = await world();
    const { credential } = await create(ann);
    const fields = { action: 'add', name: 'Phone', credential };
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await change(ann, fields, foreign)).status).toBe(403);
    expect((await list(ann)).text).not.toContain('Phone');
    expect((await change(ann, fields)).text).toContain('Phone');
  });

  test('to add and to remove some time after the sign-in, but not to rename (control: at once)', async () => {
    const { api, add, ask, list, change, open, usePasskey } = await world({ embedded: '    recentSignIn: 1s' });
    const { id, key } = await add();
    const ann = new CookieBrowser();
    await usePasskey(ann, await open(ann), key);
    expect((await ask(ann)).status).toBe(200);
    await expect
      .poll(async () => (await list(ann)).text, { timeout: 10_000 })
      .toContain('your last sign-in was some time ago');
    const page = await list(ann);
    expect([page.text.includes('data-create'), page.text.includes('<script')]).toEqual([false, false]);
    // The Auth API counts from a moment later than the page, which knows only whole seconds.
    await expect.poll(async () => (await ask(ann)).status, { timeout: 10_000 }).toBe(400);
    for (const fields of [
      { action: 'add', name: 'Phone' },
      { action: 'remove', id },
    ]) {
      expect((await change(ann, fields)).url).toContain('/.rolegate/address');
    }
    expect((await change(ann, { action: 'rename', id, name: 'Renamed' })).text).toContain('Renamed');
    expect(page.text).toContain(`/.rolegate/sign-in/authApi?return_to=${encodeURIComponent(path)}`);
    expect((await api.call('GET', '/passkeys', undefined, await api.signIn('ann@example.test'))).json.passkeys).toEqual(
      [expect.objectContaining({ passkeyID: id })],
    );
  });

  test('to add and to remove after a code by mail, if there is a passkey (control: after a sign-in with it)', async () => {
    const { ann, add, ask, create, list, change, open, usePasskey } = await world();
    const early = await create(ann);
    const { id, key } = await add();
    const page = await list(ann);
    expect(page.text).toContain('sign in with one that you have');
    expect([page.text.includes('data-create'), page.text.includes('>Remove<')]).toEqual([false, false]);
    expect((await ask(ann)).status).toBe(400);
    for (const fields of [
      { action: 'add', name: 'Evil', credential: early.credential },
      { action: 'remove', id },
    ]) {
      const led = await change(ann, fields);
      expect([led.url.includes('/.rolegate/address'), led.text.includes('A passkey is needed here')]).toEqual([
        true,
        true,
      ]);
      expect(led.text).not.toContain('name="email"');
    }
    expect((await list(ann)).text).not.toContain('Evil');
    // The sign-in comes back to the page, where the same changes are possible.
    const address = /href="([^"]*acr_values=phr[^"]*)"/.exec(page.text)![1]!.replaceAll('&#38;', '&');
    const back = await usePasskey(ann, await open(ann, address), key);
    expect(back.url).toContain(path);
    const another = await create(ann);
    expect((await change(ann, { action: 'add', name: 'Laptop', credential: another.credential })).text).toContain(
      'Laptop',
    );
    expect((await change(ann, { action: 'remove', id })).text).not.toContain('Phone');
  });
});
