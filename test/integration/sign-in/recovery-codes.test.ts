/** Recovery codes on the pages, through the whole gateway: made, used once, and attacks with their controls. */
import { describe, expect, test } from 'vitest';
import { CookieBrowser, type Visited } from '../../support/cookie-browser.ts';
import { createPasskey } from '../../support/software-authenticator.ts';
import { fieldsOf } from './accounts-world.ts';
import { passkeyWorlds } from './passkey-world.ts';

const start = passkeyWorlds();
const list = '/.rolegate/account/passkeys';
const making = '/.rolegate/account/recovery-codes';
const using = '/.rolegate/recovery';

const codesIn = ({ text }: Visited) => [...text.matchAll(/<li><code>([^<]+)<\/code>/g)].map(([, code]) => code!);

/** Where `ann` has a passkey, and `owner` has signed in with it. */
async function world(options: Parameters<typeof start>[0] = {}) {
  const made = await start(options);
  const { add, open, origin, post, usePasskey } = made;
  const { id, key } = await add();
  const owner = new CookieBrowser();
  await usePasskey(owner, await open(owner), key);
  return {
    ...made,
    id,
    key,
    owner,
    list: (browser: CookieBrowser, headers: Record<string, string> = {}) => browser.visit(origin + list, { headers }),
    make: (browser: CookieBrowser, headers: Record<string, string> = {}) =>
      post(browser, making, { action: 'create' }, headers),
    /** The page for a code, of the sign-in that `page` belongs to. */
    async recovery(browser: CookieBrowser, page: Visited) {
      const link = new RegExp(`href="(${using}[^"]+)"`).exec(page.text)![1]!;
      return await browser.visit(origin + link.replaceAll('&#38;', '&'));
    },
    recover: (browser: CookieBrowser, page: Visited, code: string) =>
      post(browser, using, { ...fieldsOf(page.text, using), code }),
  };
}

describe('recovery codes', () => {
  test('are shown once, sign in once, and let their owner add a new passkey', async () => {
    const { origin, list, make, open, owner, post, recover, recovery, session, page } = await world();
    const before = (await list(owner)).text;
    expect([before.includes('You have no recovery codes'), before.includes('Earlier ones')]).toEqual([true, false]);
    const codes = codesIn(await make(owner));
    expect([codes.length, codes.every((code) => /^(\w{4}-){3}\w{4}$/.test(code))]).toEqual([10, true]);
    const after = await list(owner);
    expect([after.text.includes('10 unused recovery codes'), after.text.includes('Earlier ones')]).toEqual([
      true,
      true,
    ]);
    expect(codes.filter((code) => after.text.includes(code))).toEqual([]);
    const lost = new CookieBrowser();
    const arrived = await recover(
      lost,
      await recovery(lost, await open(lost, '/mine')),
      ` ${codes[3]!.toLowerCase()} `,
    );
    expect([arrived.url, arrived.text]).toEqual([`${origin}/mine`, 'upstream']);
    expect((await list(owner)).text).toContain('9 unused recovery codes');
    const again = new CookieBrowser();
    const refused = await recover(again, await recovery(again, await open(again)), codes[3]!);
    expect([refused.status, refused.text.includes('not valid'), session(again)]).toEqual([403, true, undefined]);
    // The new passkey.
    const headers = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
    const asked = await lost.open(`${origin}/.rolegate/account/passkey-options`, { method: 'POST', headers });
    const { options } = (await asked.json()) as { options: { challenge: string } };
    const { credential } = createPasskey({ ...page, challenge: options.challenge });
    const fields = { action: 'add', name: 'New phone', credential: JSON.stringify(credential) };
    expect((await post(lost, '/.rolegate/account/passkeys', fields)).text).toContain('New phone');
  });

  test('lead from the page of passkeys, after a code by mail, to a new one there', async () => {
    const { ann, id, make, open, origin, owner, post, recover, recovery, list } = await world();
    const [code = ''] = codesIn(await make(owner));
    const needed = await list(ann);
    const address = /href="([^"]*acr_values=[^"]*)"/.exec(needed.text)![1]!.replaceAll('&#38;', '&');
    const back = await recover(ann, await recovery(ann, await open(ann, address)), code);
    expect(back.url).toContain('/.rolegate/account/passkeys');
    expect(back.text).toContain('data-create');
    // But not to what needs a passkey, nor to further codes.
    expect(back.text).not.toContain(making);
    expect(codesIn(await make(ann))).toEqual([]);
    // Without the last passkey, a code by mail would be enough for all that needs one: none is removed (control: with it).
    await post(ann, '/.rolegate/account/passkeys', { action: 'remove', id });
    expect((await list(owner)).text).toContain('Phone');
    await post(owner, '/.rolegate/account/passkeys', { action: 'remove', id });
    expect((await list(owner)).text).not.toContain('Phone');
    expect((await ann.visit(`${origin}/mine`)).text).toBe('upstream');
  });

  test('are no passkey for the roles that need one (control: a passkey)', async () => {
    const { api, key, make, open, origin, owner, recover, recovery, signInBy } = await world({
      administrator: 'ada@example.test',
      passkeyRules: ', requiredForRoles: [user]',
    });
    expect((await owner.visit(`${origin}/mine`)).text).toBe('upstream');
    const [code = ''] = codesIn(await make(owner));
    const browser = new CookieBrowser();
    const arrived = await recover(browser, await recovery(browser, await open(browser)), code);
    expect([arrived.url, arrived.status]).toEqual([`${origin}/`, 403]);
    const strong = await api.call('GET', '/session', undefined, await signInBy(key));
    expect(strong.json.roles).toEqual(['user']);
  });

  test('are in Spanish for browsers that prefer it', async () => {
    const { list, open, owner, recovery } = await world();
    expect((await list(owner, { 'accept-language': 'es' })).text).toContain('No tiene códigos de recuperación');
    const browser = new CookieBrowser();
    const page = await recovery(browser, await open(browser));
    const seen = await browser.visit(page.url, { headers: { 'accept-language': 'es' } });
    expect([seen.text.includes('<html lang="es">'), seen.text.includes('Usar un código de recuperación')]).toEqual([
      true,
      true,
    ]);
  });
});

describe('what is refused', () => {
  test('codes for a session that no passkey opened, or some time after (control: at once)', async () => {
    const { ann, list, make, owner } = await world();
    expect((await list(ann)).text).not.toContain(making);
    expect(codesIn(await make(ann))).toEqual([]);
    expect(codesIn(await make(new CookieBrowser()))).toEqual([]);
    expect(codesIn(await make(owner))).toHaveLength(10);
    const old = await world({ embedded: '    recentSignIn: 1s' });
    await expect.poll(async () => (await old.list(old.owner)).text, { timeout: 10_000 }).toContain('Sign in again');
    expect(codesIn(await old.make(old.owner))).toEqual([]);
  });

  test('a form of another site, which would void the codes (control: the own page)', async () => {
    const { make, owner } = await world();
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await make(owner, foreign)).status).toBe(403);
    expect((await make(owner)).status).toBe(200);
  });

  test('a code in the form of another browser, which is not used up', async () => {
    const { make, open, owner, recover, recovery, session } = await world();
    const [code = ''] = codesIn(await make(owner));
    const [mine, thief] = [new CookieBrowser(), new CookieBrowser()];
    const page = await recovery(mine, await open(mine));
    await open(thief);
    await recover(thief, page, code);
    expect(session(thief)).toBeUndefined();
    await recover(mine, page, code);
    expect(session(mine)).toMatch(/^[\w-]{43}$/);
  });

  test('text that is no code, and too many guesses from one address, while others still sign in', async () => {
    const { make, open, owner, recover, recovery, session } = await world();
    const [code = ''] = codesIn(await make(owner));
    const browser = new CookieBrowser();
    const page = await recovery(browser, await open(browser));
    expect((await recover(browser, page, '123456')).text).toContain('16 letters and digits');
    let refused = await recover(browser, page, '0123-4567-89AB-CDEF');
    for (let i = 0; i < 110 && refused.status === 403; i += 1)
      refused = await recover(browser, page, '0123456789ABCDEF');
    expect([refused.status, refused.text.includes('Too many sign-ins failed')]).toEqual([429, true]);
    // Where its owner has signed in before, strangers of the same network do not count.
    await recover(browser, page, code);
    expect(session(browser)).toBeDefined();
  });
});
