/** Sign-in through a real OpenID provider: from the first page to the session, and every way that a callback can go wrong. */
import { describe, expect, test } from 'vitest';
import { outcomeOf } from '../../../src/telemetry/request-record.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { signInWorlds } from './sign-in-world.ts';

const deepLink = '/reports/a%20b?next=https://x.example//y/../z&c=1';

const world = signInWorlds();

const cookieOf = (browser: CookieBrowser, origin: string) =>
  browser.cookies.get(new URL(origin).host)?.get('rolegate-session');

describe('signing in', () => {
  test('leads to the address with its query and fragment, with a session in a cookie that no script reads', async () => {
    const { origin, start, sessions } = await world();
    const browser = new CookieBrowser();
    const seen = await browser.visit(start(`${deepLink}#part`));
    expect(seen.url).toBe(`${origin}${deepLink}#part`);
    const id = cookieOf(browser, origin)!;
    expect(id).toMatch(/^[\w-]{43}$/);
    expect(await sessions.find(id)).toMatchObject({
      provider: 'corp',
      subject: 'ann',
      claims: { preferred_username: 'ann' },
    });
  });

  test('sixty links leave one cookie', async () => {
    const { origin, start } = await world();
    const browser = new CookieBrowser();
    const toProvider = (url: string) => !url.startsWith(origin);
    for (let i = 0; i < 60; i += 1) await browser.visit(start(`/link/${i}`), {}, toProvider);
    expect([...browser.cookies.get(new URL(origin).host)!.keys()]).toEqual(['rolegate-browser']);
  });

  test('ten that are under way at once all arrive at their own links', async () => {
    const { origin, start } = await world();
    const browser = new CookieBrowser();
    await browser.visit(start('/first'), {}, (url) => !url.startsWith(origin));
    const callbacks: string[] = [];
    const isCallback = (url: string) => url.startsWith(`${origin}/.rolegate/callback/`);
    for (let i = 0; i < 10; i += 1) callbacks.push((await browser.visit(start(`/link/${i}#f`), {}, isCallback)).url);
    const arrived = await Promise.all(callbacks.map((url) => browser.visit(url)));
    expect(arrived.map(({ url }) => url)).toEqual(callbacks.map((_, i) => `${origin}/link/${i}#f`));
  });
});

describe('a callback', () => {
  const isCallback = (url: string) => url.includes('/.rolegate/callback/');

  test('that is opened twice leads to its own link', async () => {
    const { origin, start } = await world();
    const browser = new CookieBrowser();
    const { url } = await browser.visit(start('/mine#f'), {}, isCallback);
    await browser.visit(url);
    const id = cookieOf(browser, origin);
    expect((await browser.visit(url)).url).toBe(`${origin}/mine#f`);
    expect(cookieOf(browser, origin)).toBe(id);
  });

  test('of another browser signs nobody in with it', async () => {
    const { origin, start, openid, sessions } = await world();
    const { url } = await new CookieBrowser().visit(start('/attack'), {}, isCallback);
    const victim = new CookieBrowser();
    const seen = await victim.visit(url, {}, (next) => next.startsWith(openid.issuer));
    expect(cookieOf(victim, origin)).toBeUndefined();
    expect(seen.url).toMatch(`${openid.issuer}/auth?`);
    expect(await sessions.listOf(openid.issuer, 'ann')).toHaveLength(0);
  });

  test('of another browser leaves the session of a person who is signed in', async () => {
    const { origin, start } = await world();
    const { url } = await new CookieBrowser().visit(start('/attack'), {}, isCallback);
    const victim = new CookieBrowser();
    await victim.visit(start('/own'));
    const id = cookieOf(victim, origin);
    expect((await victim.visit(url)).url).toBe(`${origin}/attack`);
    expect(cookieOf(victim, origin)).toBe(id);
  });

  test('that is forged, or comes too late, begins again', async () => {
    const { origin, start, later } = await world();
    const browser = new CookieBrowser();
    expect((await browser.visit(`${origin}/.rolegate/callback/corp?code=x&state=y`)).url).toBe(`${origin}/`);
    const { url } = await new CookieBrowser().visit(start('/late#f'), {}, isCallback);
    later(3_700_000);
    expect((await new CookieBrowser().visit(url)).url).toBe(`${origin}/late#f`);
  });

  test('from a provider that has another issuer is refused, with a way on', async () => {
    const { origin, start } = await world();
    const browser = new CookieBrowser();
    const { url } = await browser.visit(start('/mine'), {}, isCallback);
    const mixed = new URL(url);
    mixed.searchParams.set('iss', 'https://attacker.example');
    const response = await browser.visit(mixed.href);
    expect(response.status).toBe(403);
    expect(response.headers.get('x-error')).toBe('The sign-in failed');
    expect(response.text).toContain('Try again');
    expect(cookieOf(browser, origin)).toBeUndefined();
  });

  test('with an error of the provider shows the reason and leads back to the own link', async () => {
    const { start, openid } = await world();
    const browser = new CookieBrowser();
    const { url } = await browser.visit(start('/mine'), {}, isCallback);
    const state = new URL(url).searchParams.get('state')!;
    const query = new URLSearchParams({ error: 'access_denied', state, iss: openid.issuer });
    const response = await browser.visit(`${url.split('?')[0]}?${query}`);
    expect(response.status).toBe(403);
    expect(response.text).toContain('canceled');
    expect(response.text).toContain('/.rolegate/sign-in/corp?return_to=%2Fmine');
  });

  test('in a browser without cookies ends on a page, not in a circle', async () => {
    const { start, origin } = await world();
    const browser = new CookieBrowser();
    browser.refuses = new URL(origin).host;
    const response = await browser.visit(start('/mine'));
    expect(response.status).toBe(403);
    expect(response.text).toContain('Try again');
  });

  test('has a new session id, whatever cookie came with it', async () => {
    const { origin, start } = await world();
    const browser = new CookieBrowser();
    const planted = 'p'.repeat(43);
    await browser.visit(start('/x'), {}, isCallback);
    browser.cookies.get(new URL(origin).host)!.set('rolegate-session', planted);
    await browser.visit(start('/x'));
    expect(cookieOf(browser, origin)).not.toBe(planted);
  });

  test.each([
    [59_000, true],
    [61_000, false],
  ])(
    'after %i ms: whether the session before it, whose tabs may have requests under way, remains: %s',
    async (ms, remains) => {
      const { origin, start, sessions, later } = await world();
      const browser = new CookieBrowser();
      await browser.visit(start('/first'));
      const before = cookieOf(browser, origin)!;
      later(ms);
      await browser.visit(start('/second'));
      expect(cookieOf(browser, origin)).not.toBe(before);
      expect((await sessions.find(before)) !== null).toBe(remains);
    },
  );
});

test('a secret that the provider does not accept is named on the page, and is not in it', async () => {
  const { start } = await world({ clientSecret: 'not-the-secret' });
  const response = await new CookieBrowser().visit(start('/mine'));
  expect(response.status).toBe(403);
  expect(response.text).toContain('does not accept the secret or key of this application');
  expect(response.text).toContain('invalid_client');
  expect(response.text).not.toContain('not-the-secret');
});

describe('a provider that is away', () => {
  test('is a 503 with a way on, and the session stays', async () => {
    const { origin, start } = await world({ issuer: 'http://127.0.0.1:1' });
    const response = await new CookieBrowser().visit(start('/mine'));
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(response.headers.get('x-error-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.text).toContain('Try again');
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(origin).toBeTruthy();
  });
});

test('a callback while Redis does not respond is a 503 with a way on to the own link', async () => {
  const { start } = await world({ isRedisGone: true });
  const response = await new CookieBrowser().visit(start('/mine?a=b#part'));
  expect(response.status).toBe(503);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(response.text).toContain('/.rolegate/sign-in/corp?return_to=%2Fmine%3Fa%3Db%23part');
});

describe('signing out', () => {
  const ownForm = (origin: string) => ({ method: 'POST', headers: { origin, 'sec-fetch-site': 'same-origin' } });

  test('asks first, and ends the session here and at the provider', async () => {
    const { origin, start, sessions, openid } = await world();
    const browser = new CookieBrowser();
    await browser.visit(start('/mine'));
    const id = cookieOf(browser, origin)!;
    expect((await browser.visit(`${origin}/.rolegate/sign-out`)).text).toContain('<form method="post"');
    expect(await sessions.find(id)).not.toBeNull();
    const seen = await browser.visit(`${origin}/.rolegate/sign-out`, ownForm(origin));
    expect(seen.url).toMatch(`${openid.issuer}/session/end`);
    expect(await sessions.find(id)).toBeNull();
    expect(cookieOf(browser, origin)).toBeUndefined();
  });

  test.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['a sibling domain', { origin: 'https://evil.example', 'sec-fetch-site': 'same-site' }],
    ['no origin', {}],
  ])('from %s does nothing', async (_, headers) => {
    const { origin, start, sessions } = await world();
    const browser = new CookieBrowser();
    await browser.visit(start('/mine'));
    const response = await browser.open(`${origin}/.rolegate/sign-out`, { method: 'POST', headers });
    expect(response.status).toBe(403);
    expect(await sessions.find(cookieOf(browser, origin)!)).not.toBeNull();
  });

  test('one of several sessions, from the list of them, and then all', async () => {
    const { origin, start } = await world();
    const [here, elsewhere] = [new CookieBrowser(), new CookieBrowser()];
    await here.visit(start('/mine'));
    await elsewhere.visit(start('/mine'));
    const page = await here.visit(`${origin}/.rolegate/sessions`);
    const actions = [...page.text.matchAll(/action="(\/\.rolegate\/sessions[^"]+)"/g)].map(([, action]) => action!);
    expect(actions).toHaveLength(2);
    await here.open(origin + actions[0], ownForm(origin));
    await here.open(origin + actions[1], ownForm(origin));
    const signedIn = async (browser: CookieBrowser) =>
      (await browser.visit(`${origin}/.rolegate/sign-in/corp?check=1`)).text;
    expect([await signedIn(here), await signedIn(elsewhere)]).toEqual(['no', 'no']);
  });
});

describe('a request that is not for the public origin', () => {
  test('is sent there without a cookie, once', async () => {
    const { origin } = await world({ trusted: true });
    const url = `${origin}/.rolegate/sign-in/corp?go=1&return_to=%2Fx`;
    const asHttps = { headers: { 'x-forwarded-proto': 'https' } };
    const sent = await new CookieBrowser().open(url, asHttps);
    expect(sent.status).toBe(303);
    expect(sent.headers.get('location')).toBe(`${url}&at_origin=1`);
    expect(sent.headers.getSetCookie()).toEqual([]);
    const again = await new CookieBrowser().open(sent.headers.get('location')!, asHttps);
    expect(again.status).toBe(403);
    expect(await again.text()).toContain('signIn.origin');
  });
});

test('a method that a page does not have is refused with those that it has', async () => {
  const { origin } = await world();
  const response = await fetch(`${origin}/.rolegate/callback/corp`, { method: 'POST' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
  expect((await fetch(`${origin}/.rolegate/unknown`)).status).toBe(404);
});

test('pages are recorded as such, and not as requests that their client abandoned', async () => {
  const { proxy, start } = await world();
  await new CookieBrowser().visit(start('/x'));
  await fetch(start('/x'), { method: 'POST' });
  expect(proxy.records.map((record) => [record.status, outcomeOf(record)])).toEqual([
    [200, 'page'],
    [303, 'page'],
    [303, 'page'],
    [200, 'allow'],
    [405, 'refuse'],
  ]);
});
