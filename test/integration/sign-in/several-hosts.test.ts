/** Hosts that get their session from the one where people sign in. Attacks on the hand-over have a control each. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPasses } from '../../../src/sign-in/hand-over.ts';
import { createHostCookies } from '../../../src/sign-in/host-cookies.ts';
import { launchChromium, noChromium } from '../../support/chromium.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { hostileReturnAddresses } from '../../support/hostile-return-addresses.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { httpsWorlds, namedWorlds, origin } from './https-world.ts';

const wiki = 'https://wiki.example.com';
const git = 'https://git.example.com';
const worlds = httpsWorlds();
const world = () => worlds({ others: [wiki, git] });
const named = namedWorlds();

const cookieAt = (browser: CookieBrowser, at: string) => browser.cookies.get(new URL(at).host)?.get('__Host-rolegate');
const isAt = (at: string, page: string) => (url: string) => url.startsWith(`${at}/.rolegate/${page}/`);
const providersOn = (way: readonly string[]) => way.filter((url) => url.includes('/auth?'));

describe('several hosts', () => {
  test('a person signs in once, at the main one, and every page of the others opens', async () => {
    const { browser, service } = await world();
    const person = browser();
    const first = await person.visit(`${wiki}/page?a=//b#part`);
    expect([first.url, first.status, first.text]).toEqual([`${wiki}/page?a=//b#part`, 200, 'upstream']);
    expect(providersOn(first.way)).toHaveLength(1);
    const second = await person.visit(`${git}/other`);
    expect([second.url, second.status]).toEqual([`${git}/other`, 200]);
    expect(providersOn(second.way)).toHaveLength(0);
    expect((await person.visit(`${origin}/main`)).way).toEqual([`${origin}/main`]);
    expect(service.requests.map(({ target }) => target)).toEqual(['/page?a=//b', '/other', '/main']);
    const list = await person.visit(`${wiki}/.rolegate/sessions`);
    expect(list.text.match(/<tr>\n<td>/g)).toHaveLength(1);
  });

  test('the cookie of one is worth nothing at another', async () => {
    const { browser } = await world();
    const person = browser();
    await person.visit(`${wiki}/`);
    await person.visit(`${git}/`);
    const values = [origin, wiki, git].map((at) => cookieAt(person, at)!);
    expect(new Set(values).size).toBe(3);
    const results: number[][] = [];
    for (const at of [origin, wiki, git]) {
      const statuses: number[] = [];
      for (const value of values) {
        const thief = browser();
        thief.cookies.set(new URL(at).host, new Map([['__Host-rolegate', value]]));
        statuses.push((await thief.open(`${at}/`, { headers: { accept: '*/*', 'sec-fetch-mode': 'cors' } })).status);
      }
      results.push(statuses);
    }
    expect(results).toEqual([
      [200, 401, 401],
      [401, 200, 401],
      [401, 401, 200],
    ]);
  });

  test.each(['wiki.example.com:443', 'wiki.example.com.', 'WIKI.example.com', 'unlisted.example.net'])(
    'the cookie of the main one is worth nothing at %s',
    async (host) => {
      const { browser, port } = await world();
      const person = browser();
      await person.visit(`${wiki}/`);
      const statusWith = async (value: string) => {
        const lines = [`Host: ${host}`, 'X-Forwarded-Proto: https', `Cookie: __Host-rolegate=${value}`, '', ''];
        return (await sendRaw(port, ['GET / HTTP/1.1', ...lines].join('\r\n'))).status;
      };
      expect(await statusWith(cookieAt(person, origin)!)).toBe(401);
      // Control: another spelling of the host is the host.
      expect(await statusWith(cookieAt(person, wiki)!)).toBe(host.startsWith('unlisted') ? 401 : 200);
    },
  );

  test.each(['wiki.example.com:443', 'wiki.example.com.', 'WIKI.example.com'])(
    'a page at %s is found again after signing in',
    async (host) => {
      const { browser, port } = await world();
      const lines = [`Host: ${host}`, 'X-Forwarded-Proto: https', 'Accept: text/html', '', ''];
      const refused = await sendRaw(port, ['GET /page?a=b HTTP/1.1', ...lines].join('\r\n'));
      const location = refused.headers('location')[0]!;
      expect((await browser().visit(location)).url).toBe(`${wiki}/page?a=b`);
    },
  );

  test('a session of a provider that was replaced under its name leads to the new one', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'rolegate-')), 'sessions.db');
    const person = (port: number, before: CookieBrowser | null) => {
      const browser = new CookieBrowser({ origins: [origin, wiki], port });
      for (const [host, cookies] of before?.cookies ?? []) browser.cookies.set(host, new Map(cookies));
      return browser;
    };
    const first = await worlds({ others: [wiki], store: file });
    const before = person(first.port, null);
    await before.visit(`${wiki}/`);
    await first.close();
    const next = await worlds({ others: [wiki], store: file });
    const seen = await person(next.port, before).visit(`${wiki}/page`);
    expect([seen.url, seen.status, providersOn(seen.way).length]).toEqual([`${wiki}/page`, 200, 1]);
  });

  test('scripts learn where to sign in at their own host', async () => {
    const { browser } = await world();
    const refused = await browser().open(`${wiki}/`, { headers: { accept: '*/*', 'sec-fetch-mode': 'cors' } });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain(`sign_in="${wiki}/.rolegate/sign-in/corp"`);
  });

  test('signing out at one ends the session at all', async () => {
    const { browser } = await world();
    const person = browser();
    await person.visit(`${wiki}/`);
    const form = { method: 'POST', headers: { origin: wiki, 'sec-fetch-site': 'same-origin' } };
    const out = await person.open(`${wiki}/.rolegate/sign-out`, form);
    expect(out.status).toBe(303);
    for (const at of [origin, wiki]) {
      const script = { headers: { accept: '*/*', 'sec-fetch-mode': 'cors' } };
      expect((await person.open(`${at}/`, script)).status, at).toBe(401);
    }
  });

  test('one does not sign people out at another', async () => {
    const { browser } = await world();
    const person = browser();
    await person.visit(`${wiki}/`);
    const form = { method: 'POST', headers: { origin: wiki, 'sec-fetch-site': 'same-site' } };
    expect((await person.open(`${origin}/.rolegate/sign-out`, form)).status).toBe(403);
    expect((await person.visit(`${origin}/`)).status).toBe(200);
  });

  test('the provider sends people to the main one only', async () => {
    const { browser } = await world();
    const missing = await browser().open(`${wiki}/.rolegate/callback/corp?code=x&state=y`);
    expect(missing.status).toBe(404);
    expect((await browser().open(`${origin}/.rolegate/take-over/corp?state=y`)).status).toBe(404);
  });

  test('a demand for a recent sign-in goes along', async () => {
    const { browser } = await world();
    const person = browser();
    const begun = await person.open(`${wiki}/.rolegate/sign-in/corp?go=1&max_age=60&return_to=/x`);
    const asked = await person.open(begun.headers.get('location')!);
    expect(asked.headers.get('location')).toMatch(/^\/\.rolegate\/sign-in\/corp\?return_to=.*&max_age=60$/);
  });

  test('a demand that no time can pass is met by the sign-in for it', async () => {
    const { browser } = await world();
    const seen = await browser().visit(`${wiki}/.rolegate/sign-in/corp?go=1&max_age=0&return_to=/x`);
    expect([seen.url, seen.status, providersOn(seen.way).length]).toEqual([`${wiki}/x`, 200, 1]);
  });

  test('an address that is too long for the way leads to the start page', async () => {
    const { browser } = await world();
    const long = `/${'a'.repeat(3_500)}`;
    const seen = await browser().visit(`${wiki}/.rolegate/sign-in/corp?go=1&return_to=${long}`);
    expect([seen.url, seen.status]).toEqual([`${wiki}/`, 200]);
  });
});

describe('the hand-over', () => {
  const passFor = async (person: CookieBrowser, at: string) =>
    (await person.visit(`${at}/.rolegate/sign-in/corp?go=1&return_to=/mine`, {}, isAt(at, 'take-over'))).url;

  test('is good once', async () => {
    const { browser } = await world();
    const person = browser();
    const url = await passFor(person, wiki);
    await person.open(url);
    const value = cookieAt(person, wiki);
    expect(value).toMatch(/^[\w-]{95}$/);
    person.cookies.get('wiki.example.com')!.delete('__Host-rolegate');
    const again = await person.open(url);
    expect(again.headers.get('location')).toBe('/.rolegate/sign-in/corp?go=1&again=1&return_to=%2Fmine');
    expect(cookieAt(person, wiki)).toBeUndefined();
  });

  test('is not used up by a request without the pass', async () => {
    const { browser } = await world();
    const person = browser();
    const url = await passFor(person, wiki);
    const bare = new URL(url);
    bare.searchParams.delete('pass');
    await browser().open(bare.href);
    await person.open(url);
    expect(cookieAt(person, wiki)).toMatch(/^[\w-]{95}$/);
  });

  test('that an attacker began gives the attacker nothing, and the victim neither', async () => {
    const { browser } = await world();
    const [victim, attacker] = [browser(), browser()];
    await victim.visit(`${origin}/`);
    const begun = await attacker.open(`${wiki}/.rolegate/sign-in/corp?go=1&return_to=/attack`);
    const trap = begun.headers.get('location')!;
    const { url } = await victim.visit(trap, {}, isAt(wiki, 'take-over'));
    await victim.open(url);
    expect(cookieAt(victim, wiki)).toBeUndefined();
    // The attacker saw the address of the victim's browser, which has used it up.
    await attacker.open(url);
    expect(cookieAt(attacker, wiki)).toBeUndefined();
    // Control: a victim who followed the link in the browser that began it would have a session.
    const own = await victim.visit(`${wiki}/mine`);
    expect([own.url, own.status]).toEqual([`${wiki}/mine`, 200]);
  });

  test("with the attacker's own session does not sign a victim in", async () => {
    const { browser } = await world();
    const [victim, attacker] = [browser(), browser()];
    const url = await passFor(attacker, wiki);
    await victim.open(url);
    expect(cookieAt(victim, wiki)).toBeUndefined();
  });

  test('for one host is nothing at another', async () => {
    const { browser } = await world();
    const person = browser();
    const url = await passFor(person, wiki);
    await person.open(url.replace(wiki, git));
    expect(cookieAt(person, git)).toBeUndefined();
    const crossed = new URL(await passFor(person, git));
    crossed.searchParams.set('pass', new URL(url).searchParams.get('pass')!);
    await person.open(crossed.href);
    expect(cookieAt(person, git)).toBeUndefined();
    // Control.
    await person.visit(`${git}/`);
    expect(cookieAt(person, git)).toMatch(/^[\w-]{95}$/);
  });

  test.each([
    ['nothing', ''],
    ['junk', '?state=junk'],
    ['a long one', `?state=${'A'.repeat(7_000)}`],
  ])('with %s leads to the start page of the main host', async (_, query) => {
    const { browser } = await world();
    const seen = await browser().open(`${origin}/.rolegate/hand-over/corp${query}`);
    expect(seen.headers.get('location')).toBe('/');
  });

  test(`leads to no other origin from ${hostileReturnAddresses.length} hostile addresses`, async () => {
    const { browser } = await world();
    let person = browser();
    const away: string[] = [];
    for (const [i, address] of hostileReturnAddresses.entries()) {
      // A browser that signs in very often is stopped.
      if (i % 10 === 0) {
        person = browser();
        await person.visit(`${origin}/`);
      }
      const query = new URLSearchParams(address === null ? {} : { return_to: address });
      const { url } = await person.visit(`${wiki}/.rolegate/sign-in/corp?go=1&${query}`, {}, isAt(wiki, 'take-over'));
      const back = await person.open(url);
      const location = back.headers.get('location')!;
      if (new URL(location, wiki).origin !== wiki || /^[/\\]{2}/.test(location)) away.push(`${address}: ${location}`);
    }
    expect(away).toEqual([]);
  }, 60_000);

  const [current, earlier] = ['the current secret of the gateway', 'the earlier secret of the gateway'];

  test('lasts a minute, and a change of the secret', () => {
    let nowMs = 0;
    const now = () => nowMs;
    const pass = createPasses([earlier], now).make('s', 't');
    const passes = createPasses([current, earlier], now);
    nowMs = 60_000;
    expect([passes.read(pass, 't'), passes.read(pass, 'u'), passes.read(`${pass}A`, 't')]).toEqual(['s', null, null]);
    nowMs = 60_001;
    expect(passes.read(pass, 't')).toBeNull();
    expect(passes.read('A'.repeat(10_000), 't')).toBeNull();
  });

  test('gives a cookie that outlives a change of the secret', () => {
    const sealed = createHostCookies(origin, [wiki], [earlier]).seal('i'.repeat(43), 'wiki.example.com');
    const cookies = createHostCookies(origin, [wiki], [current, earlier]);
    expect(cookies.open(sealed, 'wiki.example.com')).toBe('i'.repeat(43));
    expect(cookies.open(sealed, 'git.example.com')).toBeNull();
    expect(createHostCookies(origin, [wiki], [current]).open(sealed, 'wiki.example.com')).toBeNull();
  });
});

describe('a choice of providers', () => {
  const both = () => worlds({ others: [wiki], signIn: '[corp, other]' });

  test('is offered to people, with the names for people, and each leads on', async () => {
    const { browser, providers } = await both();
    const person = browser();
    const { url, text } = await person.visit(`${wiki}/page?q=1`);
    expect(new URL(url).pathname).toBe('/.rolegate/sign-in');
    const links = [...text.matchAll(/<a class="button wide" href="([^"]+)".*?>(.*?)<\/a>/g)];
    expect(links.map(([, , label]) => label)).toEqual(['The corp account', 'The other account']);
    for (const [i, [, href]] of links.entries()) {
      const one = browser();
      const seen = await one.visit(new URL(href!.replaceAll('&#38;', '&'), wiki).href);
      expect([seen.url, seen.status]).toEqual([`${wiki}/page?q=1`, 200]);
      expect(providersOn(seen.way)[0]).toContain(providers[i]!.issuer);
    }
  });

  test('offers what exists', async () => {
    const { browser } = await both();
    const labelsAt = async (query: string) =>
      [...(await (await browser().open(`${origin}/.rolegate/sign-in${query}`)).text()).matchAll(/>The (\w+) acc/g)].map(
        ([, name]) => name,
      );
    expect(await labelsAt('?provider=other&provider=unknown&provider=%3Cb%3E')).toEqual(['other']);
    expect(await labelsAt('')).toEqual(['corp', 'other']);
  });

  test('knows a session of any of them', async () => {
    const { browser } = await both();
    const person = browser();
    const check = async (query: string) =>
      await (await person.open(`${origin}/.rolegate/sign-in?check=1${query}`)).text();
    expect(await check('')).toBe('no');
    await person.visit(`${origin}/.rolegate/sign-in/other?go=1`);
    expect([await check('&provider=corp&provider=other'), await check('&provider=corp')]).toEqual(['yes', 'no']);
  });
});

describe('in Chromium', () => {
  let chromium: Browser | null = null;
  beforeAll(async () => {
    chromium = await launchChromium();
  }, 400_000);
  afterAll(() => chromium?.close());

  test('tabs of two hosts arrive with one sign-in, and keep their fragments', async ({ skip }) => {
    if (chromium === null) return skip(noChromium);
    const { app, wiki: there } = await named({});
    const context = await chromium.newContext();
    const links = [0, 1, 2].flatMap((i) => [`${app}/app/${i}#part-${i}`, `${there}/wiki/${i}?a=//b#part-${i}`]);
    const exchanges: string[] = [];
    context.on('request', (request) => {
      if (request.url().includes('/.rolegate/callback/')) exchanges.push(request.url());
    });
    const pages = await Promise.all(links.map(() => context.newPage()));
    await Promise.all(pages.map((page, i) => page.goto(links[i]!, { waitUntil: 'commit' })));
    await Promise.all(pages.map((page, i) => page.waitForURL(links[i]!)));
    expect(exchanges).toHaveLength(1);
    await context.close();
  });

  test('a choice keeps the fragment, and a tab that waits goes on', async ({ skip }) => {
    if (chromium === null) return skip(noChromium);
    const { app } = await named({ signIn: '[corp, other]' });
    const context = await chromium.newContext();
    const [page, waiting] = [await context.newPage(), await context.newPage()];
    for (const one of [page, waiting]) {
      await one.goto(`${app}/deep#part`);
      await one.getByText('The corp account').waitFor();
    }
    await page.getByRole('link', { name: 'The other account' }).click();
    await page.waitForURL(`${app}/deep#part`);
    await waiting.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await waiting.waitForURL(`${app}/deep#part`);
    await context.close();
  });
});
