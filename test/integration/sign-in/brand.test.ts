/** Name, logo and color on all pages of sign-in: with accounts alone and beside a provider, and where nothing is configured. */
import { expect, test } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { CookieBrowser, type Visited } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { startOpenidProvider, webSecret } from '../../support/openid-provider.ts';
import { accountWorlds } from './accounts-world.ts';

const start = accountWorlds();
const running = closedAfterEach();

/** Beside accounts: a provider, and one that does not respond. */
async function world(accounts: string) {
  const port = await freePort();
  const openid = await startOpenidProvider({}, { redirect_uris: [`http://127.0.0.1:${port}/.rolegate/callback/corp`] });
  running.push(openid);
  const ofWeb = `clientId: web, clientSecret: ${webSecret}`;
  return await start({
    port,
    accounts: `${accounts}
  providers:
    corp: { label: The corp account, issuer: "${openid.issuer}", ${ofWeb}, userPrefix: 'corp:', fields: { userId: preferred_username } }
    gone: { label: The old account, issuer: "http://127.0.0.1:1", ${ofWeb}, userPrefix: 'gone:', fields: { userId: preferred_username } }`,
    routes: `  - { id: either, match: { path: /either/** }, upstream: pages, signIn: [corp, authApi], credentials: [session], access: authenticated }`,
  });
}

/** Every kind of page, by its heading. */
async function visitAll({ origin, gateway, open, askAccount, enter }: Awaited<ReturnType<typeof world>>) {
  const own = `${origin}/.rolegate`;
  const anew = (address: string, init?: RequestInit) => new CookieBrowser().visit(address, init);
  const ann = new CookieBrowser();
  await enter(ann, await askAccount(ann, await open(ann), 'ann@example.test'), gateway.codes.at(-1)!.code);

  /** The return from the provider, which has not been opened. */
  const callbackOf = async (browser: CookieBrowser, more = '') => {
    const begin = `${own}/sign-in/corp?go=1${more}&return_to=%2F`;
    return new URL((await browser.visit(begin, {}, (one) => one.includes('/callback/'))).url);
  };
  const canceled = new CookieBrowser();
  const refusal = await callbackOf(canceled);
  refusal.searchParams.delete('code');
  refusal.searchParams.set('error', 'access_denied');
  const forgetful = new CookieBrowser();
  const return_ = await callbackOf(forgetful, '&again=1');
  forgetful.cookies.clear();

  const form = { 'content-type': 'application/x-www-form-urlencoded', origin, 'sec-fetch-site': 'same-origin' };
  const visits: readonly (readonly [heading: string, status: number, visit: Promise<Visited>])[] = [
    ['Sign in', 200, anew(`${origin}/either/1`)],
    ['You are signed out', 200, anew(`${own}/signed-out`)],
    ['You are not signed in', 200, anew(`${own}/signed-in`)],
    ['You are signed in', 200, ann.visit(`${own}/signed-in`)],
    ['Sign out', 200, ann.visit(`${own}/sign-out`)],
    ['Your sessions', 200, ann.visit(`${own}/sessions`)],
    ['Your account', 200, ann.visit(`${own}/account`)],
    ['Sign-in is not available at the moment', 503, anew(`${own}/sign-in/gone?go=1`)],
    [
      'Sign-in is not possible at this address',
      403,
      anew(`${own.replace('127.0.0.1', 'localhost')}/sign-out?at_origin=1`),
    ],
    ['You could not be signed in', 403, canceled.visit(refusal.href)],
    ['Signing in again does not help', 403, forgetful.visit(return_.href)],
    ['Your form was not sent yet', 401, anew(`${origin}/other`, { method: 'POST', headers: form, body: 'a=b' })],
  ];
  const seen: Visited[] = [];
  for (const [heading, status, visit] of visits) {
    const page = await visit;
    expect([/<h1>([^<]+)</.exec(page.text)?.[1], page.status]).toEqual([heading, status]);
    seen.push(page);
  }
  return { seen, address: await anew(`${own}/sign-in/authApi?go=1`) };
}

/** What shows a brand. */
const brandOf = ({ text, headers }: Visited) => ({
  title: /<title>.* · ([^<]*)<\/title>/.exec(text)?.[1],
  logo: /<main>\n<img class="logo" src="([^"]+)"/.exec(text)?.[1],
  color: /^:root { --brand: (\S+);/m.exec(text)?.[1],
  pictures: /img-src ([^;]+);/.exec(headers.get('content-security-policy') ?? '')?.[1],
});

test('all pages have the configured name, logo and color, also those of the provider and of refusals', async () => {
  const made = await world('  accounts: { name: "Team <wiki>", logo: /logo.svg, color: "#0b6e4f" }');
  const { seen, address } = await visitAll(made);
  const [logo, pictures] = [`${made.origin}/logo.svg`, `${made.origin} data:`];
  for (const page of [...seen, address])
    expect(brandOf(page)).toEqual({ title: 'Team &#60;wiki&#62;', logo, color: '#0b6e4f', pictures });
  expect(address.text).toContain('<h1>Sign in to Team &#60;wiki&#62;</h1>');
});

test('control: without a brand, they have the host without its port as their name, no logo, and the color of all pages', async () => {
  const { seen, address } = await visitAll(await world('  accounts: {}'));
  for (const page of [...seen, address])
    expect(brandOf(page)).toEqual({ title: '127.0.0.1', logo: undefined, color: undefined, pictures: 'data:' });
  expect(address.text).toContain('<h1>Sign in to 127.0.0.1</h1>');
});
