/**
 * What works once, a one-time link or a recovery code, on the pages: it is not used up without a session, its refusal is shown to people who
 * are signed in, too, and its address goes to no service.
 */
import { describe, expect, test } from 'vitest';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';
import { CookieBrowser, type Visited } from '../../support/cookie-browser.ts';
import { fieldsOf } from './accounts-world.ts';
import { passkeyWorlds } from './passkey-world.ts';

const start = passkeyWorlds();
const linkPath = '/.rolegate/link';
const recovery = '/.rolegate/recovery';
const list = '/.rolegate/account/passkeys';
const log = { info() {}, warn() {}, error() {} };

/** Where `ada` administers, and `ann` has a passkey and recovery codes. */
async function world(options: Parameters<typeof start>[0] = {}) {
  const made = await start({ administrator: 'ada@example.test', ...options });
  const { add, api, askCode, database, enter, gateway, open, origin, post, signInBy } = made;
  const { key } = await add();
  const bearer = await signInBy(key);
  const { codes } = (await api.call('POST', '/recovery-codes', {}, bearer)).json;
  return {
    ...made,
    key,
    codes: codes as readonly string[],
    unused: async () => Number((await api.call('GET', '/recovery-codes', undefined, bearer)).json.unused),
    /** The newest is the one that works. */
    async link() {
      const ada = await createAuthApi({ settings: { ...authApiSettings, database }, log });
      const link = await ada.createLink((await ada.findUser('ada@example.test'))!);
      await ada.close();
      return link!;
    },
    visitLink: (browser: CookieBrowser, link: string) =>
      browser.visit(`${origin}${linkPath}?link=${encodeURIComponent(link)}`),
    useLink: (browser: CookieBrowser, page: Visited) => post(browser, linkPath, fieldsOf(page.text, linkPath)),
    recover: (browser: CookieBrowser, state: string, code: string) => post(browser, recovery, { state, code }),
    /** A sign-in of its own, although the browser has a session. */
    begin: async (browser: CookieBrowser) => {
      const page = await browser.visit(
        `${origin}/.rolegate/sign-in/authApi?go=1&return_to=${encodeURIComponent('/mine')}`,
      );
      return { page, state: fieldsOf(page.text, '/.rolegate/address')['state']! };
    },
    async signIn(browser: CookieBrowser, email: string, state?: string) {
      const page = state === undefined ? await open(browser) : null;
      const asked =
        page === null
          ? await post(browser, '/.rolegate/address', { state: state!, email })
          : await askCode(browser, page, email);
      return await enter(browser, asked, gateway.codes.at(-1)!.code);
    },
  };
}

test('no page sends its address to a service, and the picture sends nothing', async () => {
  const { ann, begin, link, origin, visitLink } = await world({ accounts: '  accounts: { logo: /logo.svg }' });
  const page = await visitLink(ann, await link());
  expect(page.text).toContain(`<img class="logo" src="${origin}/logo.svg" alt="" referrerpolicy="no-referrer">`);
  const pages = [page, (await begin(ann)).page, await ann.visit(origin + list)];
  pages.push(await ann.visit(`${origin}/.rolegate/sessions`), await ann.visit(`${origin}/.rolegate/sign-out`));
  expect(pages.map(({ status, headers }) => [status, headers.get('referrer-policy')])).toEqual(
    pages.map(() => [200, 'strict-origin']),
  );
});

describe('a refusal is shown to a person who is signed in', () => {
  test('of a link that is void (control: the newest one opens the page of its own user)', async () => {
    const { ann, link, origin, useLink, visitLink } = await world();
    const [old, newest] = [await link(), await link()];
    const refused = await useLink(ann, await visitLink(ann, old));
    expect([refused.status, refused.url, refused.text.includes('no longer valid')]).toEqual([
      403,
      origin + linkPath,
      true,
    ]);
    expect(refused.text).toContain('<a href="/.rolegate/account">Your account</a>');
    expect((await ann.visit(origin + list)).text).toContain('You are signed in as ann Example.');
    const arrived = await useLink(ann, await visitLink(ann, newest));
    expect([arrived.url, arrived.text.includes('You are signed in as ada.')]).toEqual([origin + list, true]);
  });

  test('of a recovery code, after which another one can be entered', async () => {
    const { ann, begin, codes, origin, recover } = await world();
    const { state } = await begin(ann);
    const refused = await recover(ann, state, '0000-0000-0000-0000');
    expect([refused.status, refused.text.includes('not valid')]).toEqual([403, true]);
    expect((await recover(ann, state, codes[0]!)).url).toBe(`${origin}/mine`);
  });

  test('of too many recovery codes', async () => {
    const { ann, begin, recover } = await world();
    const { state } = await begin(ann);
    let refused = await recover(ann, state, '0000-0000-0000-0000');
    for (let i = 0; i < 110 && refused.status === 403; i += 1) refused = await recover(ann, state, '0000000000000000');
    expect([refused.status, refused.text.includes('Too many sign-ins failed')]).toEqual([429, true]);
  });

  test('of a passkey that looks like a copy', async () => {
    const { add, ann, begin, usePasskey } = await world();
    const { key } = await add();
    await usePasskey(ann, (await begin(ann)).page, { ...key, counter: 5 });
    const refused = await usePasskey(ann, (await begin(ann)).page, { ...key, counter: 5 });
    expect([refused.status, refused.text.includes('looks like a copy')]).toEqual([403, true]);
  });

  test('of a code by mail that was used in another sign-in', async () => {
    const { ann, askCode, begin, enter, gateway, post, signIn } = await world();
    const { page } = await begin(ann);
    const asked = await askCode(ann, page, 'ann@example.test');
    const { code } = gateway.codes.at(-1)!;
    expect((await enter(ann, asked, code)).text).toBe('upstream');
    // Sent twice: the session is the one that it opened.
    expect((await enter(ann, asked, code)).text).toBe('upstream');
    await post(ann, '/.rolegate/sign-out', {});
    await signIn(ann, 'ada@example.test');
    expect((await enter(ann, asked, code)).text).toContain('was used before');
  });
});

describe('a sign-in that was used', () => {
  test('uses no recovery code up, and leads on with the session that it opened', async () => {
    const { begin, codes, origin, recover, signIn, unused } = await world();
    const browser = new CookieBrowser();
    const { state } = await begin(browser);
    await signIn(browser, 'ann@example.test', state);
    expect((await recover(browser, state, codes[0]!)).url).toBe(`${origin}/mine`);
    expect(await unused()).toBe(10);
    // Control: it works in a new one.
    const other = new CookieBrowser();
    await recover(other, (await begin(other)).state, codes[0]!);
    expect(await unused()).toBe(9);
  });

  test('uses one of two codes up that arrive at once', async () => {
    const { begin, codes, recover, session, unused } = await world();
    const browser = new CookieBrowser();
    const { state } = await begin(browser);
    await Promise.all(codes.slice(0, 2).map((code) => recover(browser, state, code)));
    expect(session(browser)).toMatch(/^[\w-]{43}$/);
    expect(await unused()).toBe(9);
  });

  test('uses no link up', async () => {
    const { link, origin, session, signIn, useLink, visitLink } = await world();
    const [browser, other, text] = [new CookieBrowser(), new CookieBrowser(), await link()];
    const page = await visitLink(browser, text);
    await signIn(browser, 'ann@example.test', fieldsOf(page.text, linkPath)['state']);
    expect((await useLink(browser, page)).url).toBe(origin + list);
    expect((await useLink(other, await visitLink(other, text))).text).toContain('You are signed in as ada.');
    expect(session(other)).toMatch(/^[\w-]{43}$/);
  });

  test('leads nowhere in the session of somebody else (control: in its own)', async () => {
    const { link, origin, signIn, useLink, visitLink } = await world();
    const browser = new CookieBrowser();
    const page = await visitLink(browser, await link());
    await useLink(browser, page);
    expect((await useLink(browser, page)).text).toContain('You are signed in as ada.');
    browser.cookies.get(new URL(origin).host)!.delete('rolegate-session');
    await signIn(browser, 'ann@example.test');
    const again = await useLink(browser, page);
    expect([new URL(again.url).pathname, again.text.includes('data-create')]).toEqual([linkPath, false]);
    expect((await useLink(browser, again)).text).toContain('no longer valid');
  });

  test('cannot use a recovery code up for a page that needs a passkey', async () => {
    const { codes, origin, recover, unused } = await world();
    const browser = new CookieBrowser();
    const { url } = await browser.visit(`${origin}/.rolegate/sign-in/authApi?go=1&acr_values=phr`);
    const seen = await recover(browser, new URL(url).searchParams.get('state')!, codes[0]!);
    expect([seen.text.includes('A passkey is needed here'), await unused()]).toEqual([true, 10]);
  });
});
