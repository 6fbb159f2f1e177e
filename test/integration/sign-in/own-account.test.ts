/** The page of a person's own account: addresses and API keys, as a browser without script uses it; attacks with their controls. */
import { describe, expect, test } from 'vitest';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { accountWorlds } from './accounts-world.ts';

const start = accountWorlds();
const path = '/.rolegate/account';

/** Where `ann` has signed up. */
async function world(options: Parameters<typeof start>[0] = {}) {
  const made = await start(options);
  const { gateway, origin, post } = made;
  const lastCode = () => gateway.codes.at(-1)!.code;
  async function member(email: string) {
    const browser = new CookieBrowser();
    await made.enter(browser, await made.askAccount(browser, await made.open(browser), email), lastCode());
    return browser;
  }
  return {
    ...made,
    lastCode,
    member,
    ann: await member('ann@example.test'),
    account: (browser: CookieBrowser, headers: Record<string, string> = {}) =>
      browser.visit(origin + path, { headers }),
    change: (browser: CookieBrowser, fields: Record<string, string>, headers: Record<string, string> = {}) =>
      post(browser, path, fields, headers),
  };
}

/** Values of the hidden fields with this name. */
const hidden = (page: string, name: string) =>
  [...page.matchAll(new RegExp(`name="${name}" value="([^"]*)"`, 'g'))].map(([, value]) => value!);

describe('sessions', () => {
  test('are those of browsers and of programs; a program is ended here, and no session of another person', async () => {
    const { ann, member, account, change, lastCode, origin } = await world();
    const api = `${origin}/api/auth/v2/session`;
    const headers = { 'content-type': 'application/json', 'user-agent': 'backup <b>/1.0' };
    async function program(email: string) {
      const asked = await fetch(api, { method: 'POST', headers, body: JSON.stringify({ email }) });
      const { bearer, sessionID, verificationCodeID } = (await asked.json()) as Record<string, string>;
      const body = JSON.stringify({ verificationCodeID, code: lastCode() });
      await fetch(`${api}/verification`, { method: 'PUT', headers, body });
      const status = async () => (await fetch(api, { headers: { authorization: `Bearer ${bearer}` } })).status;
      return { id: sessionID!, status };
    }
    const own = await program('ann@example.test');
    await member('eve@example.test');
    const other = await program('eve@example.test');
    const page = await account(ann);
    expect(page.text).toContain('backup &#60;b&#62;/1.0');
    expect(page.text.match(/this one/g)).toHaveLength(1);
    expect([page.text.includes(own.id), page.text.includes(other.id)]).toEqual([true, false]);
    const theft = await change(ann, { action: 'end-session', id: other.id });
    expect([theft.status, theft.text.includes('has changed'), await other.status()]).toEqual([400, true, 200]);
    expect(await own.status()).toBe(200);
    expect((await change(ann, { action: 'end-session', id: own.id })).text).not.toContain('backup');
    expect(await own.status()).toBe(401);
    expect((await account(ann)).text).toContain('this one');
  });
});

describe('addresses', () => {
  test('one is added with the code that is sent to it, becomes the preferred one, and the former one is removed', async () => {
    const { ann, account, change, lastCode } = await world();
    const asked = await change(ann, { action: 'add-address', address: 'ann@work.test' });
    expect(asked.text).toContain('on its way to ann@work.test');
    const [codeId = ''] = hidden(asked.text, 'codeId');
    const fields = { action: 'verify-address', codeId, address: 'ann@work.test' };
    const wrong = await change(ann, { ...fields, code: String((Number(lastCode()) + 1) % 1_000_000).padStart(6, '0') });
    expect([wrong.status, wrong.text.includes('The code is wrong')]).toEqual([400, true]);
    expect((await account(ann)).text).toContain('not confirmed');
    const confirmed = await change(ann, { ...fields, code: lastCode() });
    expect([confirmed.status, confirmed.text.includes('not confirmed')]).toEqual([200, false]);
    const [id = ''] = hidden(confirmed.text, 'id');
    const preferred = await change(ann, { action: 'prefer-address', id });
    const [former = ''] = hidden(preferred.text, 'id');
    expect(former).not.toBe(id);
    const removed = await change(ann, { action: 'remove-address', id: former });
    expect(removed.text).toContain('ann@work.test');
    expect(removed.text).not.toContain('ann@example.test');
  });

  test('a new code is sent for one that is not confirmed', async () => {
    const { ann, change, lastCode } = await world();
    await change(ann, { action: 'add-address', address: 'ann@work.test' });
    const again = await change(ann, { action: 'renew-address', address: 'ann@work.test' });
    const [codeId = ''] = hidden(again.text, 'codeId');
    const confirmed = await change(ann, {
      action: 'verify-address',
      codeId,
      address: 'ann@work.test',
      code: lastCode(),
    });
    expect(confirmed.text).not.toContain('not confirmed');
  });

  test.each([
    ['that is none', { action: 'add-address', address: 'ann' }, 'This is not an e-mail address'],
    ['that is not there', { action: 'renew-address', address: 'other@example.test' }, 'has changed in the meantime'],
    [
      'with an id of no address',
      { action: 'remove-address', id: '11111111-2222-4333-8444-555555555555' },
      'has changed',
    ],
    [
      'with a code of no confirmation',
      { action: 'verify-address', codeId: '11111111-2222-4333-8444-555555555555', code: '000000' },
      'has expired',
    ],
  ])('one %s is refused with the reason', async (_name, fields, message) => {
    const { ann, change } = await world();
    const refused = await change(ann, fields);
    expect([refused.status, refused.text.includes(message)]).toEqual([400, true]);
  });
});

describe('API keys', () => {
  test('one is created with its secret shown once, works after its code, and ends', async () => {
    const { ann, origin, account, change, lastCode } = await world({
      routes: '  - { id: keys, match: { path: /keys }, upstream: pages, credentials: [keyPair], access: [user] }',
    });
    const created = await change(ann, { action: 'add-key', name: 'Backup <b>', days: '30' });
    expect(created.text).toContain('Copy both now');
    const [apiKey = '', apiSecret = ''] = [...created.text.matchAll(/<dd><code>([^<]+)<\/code>/g)].map(
      ([, text]) => text!,
    );
    const use = async () =>
      (await fetch(`${origin}/keys`, { headers: { 'api-key': apiKey, 'api-secret': apiSecret } })).status;
    expect(await use()).toBe(401);
    const [codeId = ''] = hidden(created.text, 'codeId');
    const confirmed = await change(ann, { action: 'verify-key', codeId, address: '', code: lastCode() });
    expect(confirmed.text).toContain(apiKey);
    expect(confirmed.text).toContain('Backup &#60;b&#62;');
    expect((await account(ann)).text).not.toContain(apiSecret);
    expect(await use()).toBe(200);
    const [id = ''] = hidden(confirmed.text, 'id');
    const removed = await change(ann, { action: 'remove-key', id });
    expect(removed.text).not.toContain(apiKey);
    expect(await use()).toBe(401);
  });

  test.each(['0', '3651', '1.5', 'x', ''])('one for %j days is refused', async (days) => {
    const { ann, change } = await world();
    const refused = await change(ann, { action: 'add-key', name: 'Backup', days });
    expect([refused.status, refused.text.includes('from 1 to 3650')]).toEqual([400, true]);
  });
});

describe('what is refused', () => {
  test('the page and its forms without a session lead to the sign-in, and back', async () => {
    const { account, change } = await world();
    for (const seen of [await account(new CookieBrowser()), await change(new CookieBrowser(), { action: 'add-key' })])
      expect(seen.text).toContain('action="/.rolegate/address"');
  });

  test("another person's entries (control: one's own)", async () => {
    const { ann, member, account, change } = await world();
    const eve = await member('eve@example.test');
    const created = await change(ann, { action: 'add-key', name: 'Backup', days: '1' });
    const [id = ''] = hidden((await account(ann)).text, 'id');
    expect(created.status).toBe(200);
    expect((await change(eve, { action: 'remove-key', id })).status).toBe(400);
    expect((await account(ann)).text).toContain('Backup');
    expect((await change(ann, { action: 'remove-key', id })).text).not.toContain('Backup');
  });

  test.each([
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a sibling domain', { origin: 'https://sibling.example.com', 'sec-fetch-site': 'same-site' }],
  ])('forms of %s', async (_name, headers) => {
    const { ann, account, change } = await world();
    expect((await change(ann, { action: 'add-address', address: 'eve@evil.example' }, headers)).status).toBe(403);
    expect((await account(ann)).text).not.toContain('eve@evil.example');
  });

  test('changes some time after the sign-in, until one signs in again (control: at once)', async () => {
    const recent = await world();
    expect((await recent.account(recent.ann)).text).toContain('name="action" value="add-key"');
    const { ann, account, change, gateway, enter, askCode, lastCode, open } = await world({
      embedded: '    recentSignIn: 1s',
    });
    await expect.poll(async () => (await account(ann)).text, { timeout: 5_000 }).toContain('Sign in again');
    expect((await account(ann)).text).not.toContain('name="action" value="add-key"');
    const mails = gateway.codes.length;
    const led = await change(ann, { action: 'add-address', address: 'eve@evil.example' });
    expect(led.text).toContain('action="/.rolegate/address"');
    expect(gateway.codes.length).toBe(mails);
    const seen = await enter(ann, await askCode(ann, led, 'ann@example.test'), lastCode());
    expect(seen.url).toContain(path);
    expect(seen.text).not.toContain('eve@evil.example');
    expect(await open(ann)).toMatchObject({ status: 200 });
  });
});

test('it is in Spanish for browsers that prefer it, and has no script', async () => {
  const { ann, account } = await world();
  const { text } = await account(ann, { 'accept-language': 'es' });
  expect(text).toContain('<html lang="es">');
  expect(text).toContain('Direcciones de correo');
  expect(text).not.toContain('<script');
});
