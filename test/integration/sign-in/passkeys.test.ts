/** Sign-in with a passkey on the pages of accounts, through the whole gateway; attacks with their controls. */
import { describe, expect, test } from 'vitest';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { signChallenge } from '../../support/software-authenticator.ts';
import { accountWorlds } from './accounts-world.ts';
import { passkeyWorlds } from './passkey-world.ts';

const start = passkeyWorlds();
const withoutPasskeys = accountWorlds();

describe('signing in with a passkey', () => {
  test('leads to the address that was opened, without an address or a mail', async () => {
    const { origin, add, open, usePasskey, session, gateway, service } = await start();
    const { key } = await add();
    const [browser, sent] = [new CookieBrowser(), gateway.codes.length];
    const seen = await usePasskey(browser, await open(browser, '/mine?a=1'), key);
    expect([seen.url, seen.text]).toEqual([`${origin}/mine?a=1`, 'upstream']);
    expect(session(browser)).toMatch(/^[\w-]{43}$/);
    expect(service.requests.at(-1)!.header('x-name')).toEqual(['ann Example']);
    expect(gateway.codes).toHaveLength(sent);
  });

  test('satisfies a route that demands it, which a code does not', async () => {
    const sections = 'identity: { claims: { acr: { field: acr, type: string, optional: true } } }';
    const routes =
      '  - { id: vault, match: { path: /vault }, upstream: pages, credentials: [session], access: [user], acr: [phr] }';
    const { origin, ann, add, open, usePasskey, service } = await start({ sections, routes });
    const { key } = await add();
    const [browser, before] = [new CookieBrowser(), service.requests.length];
    expect((await ann.visit(`${origin}/vault`)).url).not.toBe(`${origin}/vault`);
    expect(service.requests).toHaveLength(before);
    expect((await usePasskey(browser, await open(browser, '/vault'), key)).url).toBe(`${origin}/vault`);
  });

  test('states its methods and its time to rules: amr and maxAuthAge', async () => {
    const sections = 'identity: { claims: { amr: { field: amr, type: list, optional: true } } }';
    const routes = `  - id: device
    match: { path: /device }
    upstream: pages
    credentials: [session]
    access: [user]
    when: [{ identity: claims.amr, equals: user, reason: no_passkey }]
  - { id: fresh, match: { path: /fresh }, upstream: pages, credentials: [session], access: [user], maxAuthAge: 1h }
  - { id: stale, match: { path: /stale }, upstream: pages, credentials: [session], access: [user], maxAuthAge: 1s }`;
    const { origin, ann, add, open, usePasskey, service } = await start({ sections, routes });
    const { key } = await add();
    const refused = await ann.visit(`${origin}/device`);
    expect([refused.status, refused.headers.get('x-error')]).toEqual([403, expect.stringContaining('no_passkey')]);
    const [browser, before] = [new CookieBrowser(), service.requests.length];
    const arrived = await usePasskey(browser, await open(browser, '/device'), key);
    expect([arrived.status, arrived.url]).toEqual([200, `${origin}/device`]);
    expect((await browser.visit(`${origin}/fresh`)).status).toBe(200);
    expect(service.requests.slice(before).map(({ target }) => target)).toEqual(['/device', '/fresh']);
    // Control: a second after the sign-in, its page comes again.
    await expect.poll(async () => (await browser.visit(`${origin}/stale`)).url).not.toBe(`${origin}/stale`);
  });

  test('is offered by a page whose policy permits one script, and the address stays usable without it', async () => {
    const { origin, open } = await start();
    const browser = new CookieBrowser();
    const { text, headers } = await open(browser);
    const scriptUrl = `${origin}/.rolegate/passkeys.js`;
    expect(headers.get('content-security-policy')).toContain(`; script-src ${scriptUrl}; connect-src 'self'; `);
    expect(text.match(/<script.*?<\/script>/gs)).toEqual([`<script src="${scriptUrl}"></script>`]);
    expect(text).toContain('autocomplete="username webauthn"');
    expect(text).toMatch(/<form [^>]*data-options="[^"]+" hidden>/);
    const script = await browser.open(scriptUrl);
    expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
    // Control: without passkeys there is no script.
    const plain = await withoutPasskeys();
    const page = await plain.open(new CookieBrowser());
    expect([page.text.includes('<script'), page.headers.get('content-security-policy')?.includes('script')]).toEqual([
      false,
      false,
    ]);
    expect((await fetch(`${plain.origin}/.rolegate/passkeys.js`)).status).toBe(404);
  });
});

describe('attacks', () => {
  test('what a passkey signed counts only in the browser and the sign-in that asked for it', async () => {
    const { add, open, askPasskey, sendPasskey, session } = await start();
    const { key } = await add();
    const [browser, victim] = [new CookieBrowser(), new CookieBrowser()];
    const [page, later, other] = [await open(browser), await open(browser, '/later'), await open(victim)];
    const { json } = await askPasskey(browser, page);
    const credential = signChallenge({ ...key, challenge: json.options.challenge });
    const mine = await askPasskey(victim, other);
    for (const [jar, at, pending] of [
      [victim, page, json.pending],
      [victim, other, json.pending],
      [victim, other, mine.json.pending],
      [victim, other, ''],
      [browser, later, json.pending],
    ] as const) {
      expect((await sendPasskey(jar, at, pending, credential)).text).toContain('Sign in to');
      expect(session(jar)).toBeUndefined();
    }
    // Control: nothing was used up, and where it was asked for it counts.
    await sendPasskey(browser, page, json.pending, credential);
    expect(session(browser)).toMatch(/^[\w-]{43}$/);
  });

  test('one that was used, removed, copied or not verified opens nothing, and the page says so', async () => {
    const { api, add, signInBy, open, usePasskey, askPasskey, sendPasskey, session, post } = await start();
    const [{ key }, counting, removed] = [await add(), await add(), await add()];
    const browser = new CookieBrowser();
    const refusedAs = async (one: typeof key & { counter?: number; userVerified?: boolean }, text: string) => {
      const jar = new CookieBrowser();
      const seen = await usePasskey(jar, await open(jar), one);
      expect([seen.status, seen.text.includes(text), session(jar)]).toEqual([403, true, undefined]);
    };
    const accepts = async (one: typeof key & { counter?: number }) => {
      const jar = new CookieBrowser();
      await usePasskey(jar, await open(jar), one);
      expect(session(jar)).toBeDefined();
    };
    await accepts({ ...counting.key, counter: 5 });
    await refusedAs({ ...counting.key, counter: 5 }, 'it looks like a copy');
    await accepts({ ...counting.key, counter: 6 });
    await accepts(removed.key);
    await api.call('DELETE', `/passkey/${removed.id}`, undefined, await signInBy(key));
    await refusedAs(removed.key, 'was not accepted');
    await refusedAs({ ...key, userVerified: false }, 'was not accepted');
    await refusedAs({ ...key, origin: 'http://evil.localhost' }, 'was not accepted');
    await accepts(key);
    // A form that is sent again.
    const page = await open(browser, '/mine');
    const { json } = await askPasskey(browser, page);
    const credential = signChallenge({ ...key, challenge: json.options.challenge });
    await sendPasskey(browser, page, json.pending, credential);
    const first = session(browser);
    expect((await sendPasskey(browser, page, json.pending, credential)).text).toBe('upstream');
    expect(session(browser)).toBe(first);
    await post(browser, '/.rolegate/sign-out', {});
    // Nothing is asked of the Auth API, and the sign-in begins again.
    const again = await sendPasskey(browser, page, json.pending, credential);
    expect([again.url === page.url, again.text.includes('Sign in to')]).toEqual([false, true]);
    expect(session(browser)).toBeUndefined();
  });
});
