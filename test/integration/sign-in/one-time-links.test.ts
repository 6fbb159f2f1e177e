/** One-time links of `create-admin` on the pages, through the whole gateway; attacks with their controls. */
import { describe, expect, test } from 'vitest';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';
import { CookieBrowser, type Visited } from '../../support/cookie-browser.ts';
import { createPasskey } from '../../support/software-authenticator.ts';
import { accountWorlds, fieldsOf } from './accounts-world.ts';
import { passkeyWorlds } from './passkey-world.ts';

const start = passkeyWorlds();
const startWithMail = accountWorlds();
const path = '/.rolegate/link';
const log = { info() {}, warn() {}, error() {} };

const headingOf = ({ text }: Visited) => /<h1>([^<]+)</.exec(text)?.[1];

/** Where `ada` administers. */
async function world(options: Parameters<typeof start>[0] = {}) {
  const made = await start({ administrator: 'ada@example.test', ...options });
  return { ...made, ...linkSteps(made) };
}

type World = Awaited<ReturnType<ReturnType<typeof accountWorlds>>>;

function linkSteps({ database, origin, post }: World) {
  return {
    /** As the command does it; `atMs`: its clock. */
    async link(atMs = Date.now()) {
      const api = await createAuthApi({ settings: { ...authApiSettings, database }, log, now: () => atMs });
      const link = await api.createLink((await api.findUser('ada@example.test'))!);
      await api.close();
      return link!;
    },
    visit: (browser: CookieBrowser, link: string, headers: Record<string, string> = {}) =>
      browser.visit(`${origin}${path}?link=${encodeURIComponent(link)}`, { headers }),
    use: (browser: CookieBrowser, page: Visited, headers: Record<string, string> = {}) =>
      post(browser, path, fieldsOf(page.text, path), headers),
  };
}

describe('a one-time link', () => {
  test('opens the page on which its user adds the first passkey, and is in no log line', async () => {
    const { gateway, link, origin, page, post, use, usePasskey, open, visit } = await world();
    const [browser, text] = [new CookieBrowser(), await link()];
    const shown = await visit(browser, text);
    expect([shown.status, headingOf(shown), shown.text.includes('<script')]).toEqual([200, 'Add your passkey', false]);
    const arrived = await use(browser, shown);
    expect(arrived.url).toBe(`${origin}/.rolegate/account/passkeys`);
    expect(arrived.text).toContain('data-create');
    const headers = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
    const asked = await browser.open(`${origin}/.rolegate/account/passkey-options`, { method: 'POST', headers });
    const { options } = (await asked.json()) as { options: { challenge: string; user: { id: string } } };
    const { credential, key } = createPasskey({ ...page, challenge: options.challenge });
    const fields = { action: 'add', name: 'First', credential: JSON.stringify(credential) };
    expect((await post(browser, '/.rolegate/account/passkeys', fields)).text).toContain('First');
    // The session of the link has no role that needs a passkey; the passkey has.
    expect((await browser.visit(`${origin}/.rolegate/people`)).status).toBe(403);
    const strong = new CookieBrowser();
    await usePasskey(strong, await open(strong), { ...page, ...key, userHandle: options.user.id });
    expect((await strong.visit(`${origin}/.rolegate/people`)).status).toBe(200);
    expect(gateway.logText()).not.toContain(text.split('.')[1]);
  });

  test('adds another passkey after all were lost', async () => {
    const { add, api, link, use, visit } = await world();
    await add({}, await api.signIn('ada@example.test'));
    const browser = new CookieBrowser();
    const arrived = await use(browser, await visit(browser, await link()));
    expect([arrived.text.includes('data-create'), arrived.text.includes('>Remove<')]).toEqual([true, true]);
  });

  test('is reported to its owner by mail when it is used (control: not when it is looked at, or refused)', async () => {
    const made = await startWithMail({ administrator: 'ada@example.test', passkeys: true, mail: true });
    const { link, use, visit } = linkSteps(made);
    const text = await link();
    await visit(new CookieBrowser(), text);
    const browser = new CookieBrowser();
    await use(browser, await visit(browser, text));
    const { to, parsed } = await made.mails.arrived(1);
    expect([to, parsed.subject]).toEqual([['ada@example.test'], 'The link to your account was used']);
    const again = new CookieBrowser();
    await use(again, await visit(again, text));
    // Control: another notice would have left before this code.
    await made.askCode(again, await made.open(again), 'ada@example.test');
    expect((await made.mails.arrived(2)).parsed.subject).toBe('Your code to sign in');
    const body = parsed.text?.replace(/\s+/g, ' ');
    expect(body).toContain('Someone signed in to your account with the one-time link that was made for it.');
    expect(body).toContain('From address: 127.0.0.1');
    expect(parsed.text).not.toContain(text.split('.')[1]);
  });

  test('is in Spanish for browsers that prefer it', async () => {
    const { link, visit } = await world();
    const seen = await visit(new CookieBrowser(), await link(), { 'accept-language': 'es' });
    expect([seen.text.includes('<html lang="es">'), seen.text.includes('Añada su llave de acceso')]).toEqual([
      true,
      true,
    ]);
  });
});

describe('what is refused', () => {
  test('a second use, a link that was replaced or has expired, and text that is none (control: the newest one)', async () => {
    const { link, session, use, visit } = await world();
    const first = await link();
    const refusedAs = async (text: string) => {
      const browser = new CookieBrowser();
      const seen = await use(browser, await visit(browser, text));
      expect([seen.status, headingOf(seen), session(browser)]).toEqual([403, 'The link cannot be used', undefined]);
      expect([seen.text.includes('<title>The link cannot be used'), seen.text.includes('no longer valid')]).toEqual([
        true,
        true,
      ]);
      // There is nothing to press.
      expect(seen.text).not.toContain('<form');
    };
    await refusedAs(await link(Date.now() - 86_400_000));
    const newest = await link();
    const [id, secret] = newest.split('.');
    for (const text of [first, '', 'x', `${id}.${[...secret!].reverse().join('')}`]) await refusedAs(text);
    const browser = new CookieBrowser();
    await use(browser, await visit(browser, newest));
    expect(session(browser)).toMatch(/^[\w-]{43}$/);
    await refusedAs(newest);
  });

  test('a look without the button, the form of another browser and that of another site use nothing up', async () => {
    const { link, session, use, visit } = await world();
    const text = await link();
    const [mine, other] = [new CookieBrowser(), new CookieBrowser()];
    await visit(new CookieBrowser(), text);
    const page = await visit(mine, text);
    await visit(other, text);
    await use(other, page);
    expect(session(other)).toBeUndefined();
    expect((await use(mine, page, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })).status).toBe(
      403,
    );
    await use(mine, page);
    expect(session(mine)).toMatch(/^[\w-]{43}$/);
  });
});
