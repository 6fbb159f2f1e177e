/** Sign-in at the embedded Auth API, through the whole gateway, as browsers do it; attacks with their controls. */
import { describe, expect, test } from 'vitest';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { hostileReturnAddresses } from '../../support/hostile-return-addresses.ts';
import { accountWorlds, fieldsOf } from './accounts-world.ts';

const start = accountWorlds();
const deepLink = '/reports/a%20b?next=1';

/** Where `ann` has an account, with her browser after she has signed up. */
async function world(options: Parameters<typeof start>[0] = {}) {
  const made = await start(options);
  const { gateway } = made;
  const ann = new CookieBrowser();
  const asked = await made.askAccount(ann, await made.open(ann), 'ann@example.test');
  const lastCode = () => gateway.codes.at(-1)!.code;
  const arrived = await made.enter(ann, asked, lastCode());
  /** A browser in which the code for `ann` is asked for. */
  const pending = async (target = '/') => {
    const browser = new CookieBrowser();
    const page = await made.askCode(browser, await made.open(browser, target), 'ann@example.test');
    return { browser, page, code: lastCode() };
  };
  return { ...made, ann, arrived, lastCode, pending };
}

const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

describe('signing in', () => {
  test('leads from a sign-up to the page, and from an address and a code to the address with its fragment', async () => {
    const { origin, arrived, session, ann, service, pending, enter } = await world();
    expect([arrived.url, arrived.text]).toEqual([`${origin}/`, 'upstream']);
    expect(session(ann)).toMatch(/^[\w-]{43}$/);
    const { browser, page, code } = await pending(
      `/.rolegate/sign-in/authApi?return_to=${encodeURIComponent(`${deepLink}#part`)}`,
    );
    const seen = await enter(browser, page, code);
    expect(seen.url).toBe(`${origin}${deepLink}#part`);
    const last = service.requests.at(-1)!;
    expect([last.header('x-name'), last.header('x-roles')]).toEqual([['ann Example'], ['user']]);
    expect(last.header('cookie').join()).not.toContain('rolegate-session');
  });

  test('takes the code from a real mail, which says from where it was requested', async () => {
    const { mails, open, askAccount, enter, session } = await start({ mail: true });
    const browser = new CookieBrowser();
    const page = await askAccount(browser, await open(browser), 'ann@example.test');
    const { parsed } = await mails.arrived(1);
    expect(parsed.text).toContain('From address: 127.0.0.1');
    expect(parsed.text?.replace(/\s+/g, ' ')).toContain('It works only where it was requested.');
    await enter(browser, page, /^\s*(\d{6})\s*$/m.exec(parsed.text!)![1]!);
    expect(session(browser)).toMatch(/^[\w-]{43}$/);
  });

  test('ends at the Auth API with the sign-out, so that nothing remains there', async () => {
    const { ann, post, session, pending, enter, origin, lastCode, gateway } = await world();
    const own = async () => {
      const opened = await fetch(`${origin}/api/auth/v2/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'ann@example.test' }),
      });
      const { bearer, verificationCodeID } = (await opened.json()) as { bearer: string; verificationCodeID: string };
      await fetch(`${origin}/api/auth/v2/session/verification`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ verificationCodeID, code: lastCode() }),
      });
      const headers = { authorization: `Bearer ${bearer}` };
      const list = async () =>
        (
          (await (await fetch(`${origin}/api/auth/v2/sessions`, { headers })).json()) as {
            sessions: { sessionID: string; current: boolean }[];
          }
        ).sessions;
      const end = (id: string) => fetch(`${origin}/api/auth/v2/session/${id}`, { method: 'DELETE', headers });
      return { list, end };
    };
    const { list, end } = await own();
    expect(await list()).toHaveLength(2);
    await post(ann, '/.rolegate/sign-out', {});
    expect(session(ann)).toBeUndefined();
    expect((await list()).map(({ current }) => current)).toEqual([true]);
    // And the other way: a session that is ended there is none in the browser.
    const { browser, page, code } = await pending();
    await enter(browser, page, code);
    expect((await browser.open(`${origin}/x`)).status).toBe(200);
    await end((await list()).find(({ current }) => !current)!.sessionID);
    expect((await browser.open(`${origin}/x`, { headers: { 'sec-fetch-mode': 'cors' } })).status).toBe(401);
    expect(gateway.logText()).not.toContain(code);
  });
});

describe('messages on the page', () => {
  test('tell a wrong, a malformed and a used code, and the right one still counts', async () => {
    const { pending, enter, session, origin } = await world();
    const { browser, page, code } = await pending('/kept');
    const first = await enter(browser, page, wrong(code));
    expect([first.status, first.headers.get('x-error')]).toEqual([403, 'The sign-in failed']);
    expect(first.text).toContain('The code is wrong.');
    expect((await enter(browser, first, 'abc')).text).toContain('The code has six digits.');
    const done = await enter(browser, first, ` ${code.slice(0, 3)} ${code.slice(3)} `);
    expect(done.url).toBe(`${origin}/kept`);
    expect(session(browser)).toBeDefined();
  });

  test('after too many wrong codes advise a new one, which works at once', async () => {
    const { pending, enter, askCode, lastCode, session } = await world();
    const { browser, page, code } = await pending();
    let seen = page;
    for (let i = 0; i < 6; i += 1) seen = await enter(browser, page, wrong(code));
    expect(seen.status).toBe(429);
    expect(seen.text).toContain('Too many wrong codes were entered. Please request a new code. It works at once.');
    expect(Number(seen.headers.get('retry-after'))).toBeGreaterThan(60);
    const next = await askCode(
      browser,
      { ...page, text: page.text.replace('/.rolegate/code', '/x') },
      'ann@example.test',
    );
    await enter(browser, next, lastCode());
    expect(session(browser)).toBeDefined();
  });

  test('are in Spanish for those who prefer it', async () => {
    const { origin } = await world({ accounts: '  accounts: { name: "Intranet <b>" }' });
    const headers = { 'accept-language': 'fr, es-MX;q=0.9, en;q=0.5' };
    const browser = new CookieBrowser();
    const { url } = await browser.visit(`${origin}/`);
    const page = await (await browser.open(url, { headers })).text();
    expect(page).toContain('<html lang="es">');
    expect(page).toContain('Iniciar sesión en Intranet &#60;b&#62;');
    expect(page).not.toContain('<script');
  });

  test('have the configured logo and color, with a policy that permits just these', async () => {
    const { origin } = await world({ accounts: '  accounts: { logo: /logo.svg, color: "#ffe08a" }' });
    const seen = await new CookieBrowser().visit(`${origin}/`);
    expect(seen.text).toContain(`<img class="logo" src="${origin}/logo.svg" alt="" referrerpolicy="no-referrer">`);
    expect(seen.text).toContain('--brand: #ffe08a; --on-brand: #000');
    expect(seen.headers.get('content-security-policy')?.replace(/'sha256-[^']+'/, 'sha')).toBe(
      `default-src 'none'; style-src sha; img-src ${origin} data:; base-uri 'none'; frame-ancestors 'none'`,
    );
  });
});

describe('attacks', () => {
  test('a code is worth nothing in a browser that did not request it', async () => {
    const { pending, open, enter, post, session } = await world();
    const { browser, page, code } = await pending();
    const attacker = new CookieBrowser();
    const own = await open(attacker);
    const [stolen, mine] = [fieldsOf(page.text, '/.rolegate/code'), fieldsOf(own.text, '/.rolegate/address')];
    for (const fields of [stolen, { ...stolen, ...mine }, { ...mine, pending: 'x' }]) {
      const seen = await post(attacker, '/.rolegate/code', { ...fields, code });
      expect(seen.text).toContain('Sign in to');
      expect(session(attacker)).toBeUndefined();
    }
    // Control: nothing of it was used up, and in its own browser it counts.
    await enter(browser, page, code);
    expect(session(browser)).toMatch(/^[\w-]{43}$/);
  });

  test('a form that is sent again opens no second session, also after signing out', async () => {
    const { pending, enter, post, session } = await world();
    const { browser, page, code } = await pending('/mine');
    await enter(browser, page, code);
    const first = session(browser);
    const second = await enter(browser, page, code);
    expect([second.text, session(browser)]).toEqual(['upstream', first]);
    await post(browser, '/.rolegate/sign-out', {});
    const third = await enter(browser, page, code);
    expect(third.text).toContain('has expired or was used before');
    expect(session(browser)).toBeUndefined();
  });

  test('forms of other sites are refused', async () => {
    const { pending, enter, post, session } = await world();
    const { browser, page, code } = await pending();
    const fields = { ...fieldsOf(page.text, '/.rolegate/code'), code };
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
    ]) {
      const seen = await post(browser, '/.rolegate/code', fields, headers);
      expect([seen.status, seen.headers.get('x-error')]).toEqual([
        403,
        'A cookie cannot be used for this request from another site',
      ]);
      expect(session(browser)).toBeUndefined();
    }
    // Control: of the own site.
    await enter(browser, page, code);
    expect(session(browser)).toBeDefined();
  });

  test(`${hostileReturnAddresses.length} hostile return addresses lead nowhere else`, async () => {
    const { origin, ann, pending, enter } = await world();
    const away: string[] = [];
    const isAway = (location: string) => new URL(location, origin).origin !== origin || /^[/\\\\]{2}/.test(location);
    for (const address of hostileReturnAddresses) {
      const query = new URLSearchParams(address === null ? {} : { return_to: address });
      const begun = await ann.open(`${origin}/.rolegate/sign-in/authApi?go=1&${query}`);
      const state = new URL(begun.headers.get('location')!, origin).searchParams.get('state')!;
      // The end of this very sign-in, which has no bearer: a user with a session goes on to the address in it.
      const back = await ann.open(`${origin}/.rolegate/callback/authApi?${new URLSearchParams({ code: 'x', state })}`);
      const location = back.headers.get('location')!;
      if (isAway(location)) away.push(`${address} -> ${location}`);
    }
    expect(away).toEqual([]);
    // One of them to the end, by a code.
    const { browser, page, code } = await pending('/.rolegate/sign-in/authApi?go=1&return_to=https://evil.example/x');
    expect((await enter(browser, page, code)).url).toBe(`${origin}/`);
    // Control: an address of the own origin is kept, and a redirect to the others as they came would leave it.
    const own = await pending('/.rolegate/sign-in/authApi?go=1&return_to=/mine');
    expect((await enter(own.browser, own.page, own.code)).url).toBe(`${origin}/mine`);
    expect(
      hostileReturnAddresses.filter((one) => one !== null && URL.canParse(one, origin) && isAway(one)).length,
    ).toBeGreaterThan(100);
  }, 60_000);

  test('an unknown address gets the page, the status and the messages of a known one', async () => {
    const { gateway, open, askCode, enter } = await world();
    const of = async (email: string) => {
      const browser = new CookieBrowser();
      const page = await askCode(browser, await open(browser), email);
      const after = await enter(browser, page, '000000');
      return [page, after].map(({ status, text }) => [
        status,
        text.replaceAll(email, 'ADDRESS').replace(/(?<=value="|state=)[\w-]{80,}/g, 'SEALED'),
      ]);
    };
    const known = await of('ann@example.test');
    const sent = gateway.codes.length;
    expect(await of('nobody@example.test')).toEqual(known);
    // Control: only one of them got a code.
    expect(gateway.codes).toHaveLength(sent);
    await of('ann@example.test');
    expect(gateway.codes).toHaveLength(sent + 1);
  });

  test('a body that is too long is not read', async () => {
    const { pending, post, session } = await world();
    const { browser, page, code } = await pending();
    const fields = { ...fieldsOf(page.text, '/.rolegate/code'), code, more: 'x'.repeat(20_000) };
    await post(browser, '/.rolegate/code', fields);
    expect(session(browser)).toBeUndefined();
  });
});

test('without self-registration there is no page to sign up', async () => {
  const { origin, open } = await start({ registers: false });
  const browser = new CookieBrowser();
  const page = await open(browser);
  expect(page.text).not.toContain('sign-up');
  expect((await browser.open(`${origin}/.rolegate/sign-up`)).status).toBe(404);
});
