/** Accounts beside an OpenID provider, and at several hosts. */
import { expect, test } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { startOpenidProvider, webSecret } from '../../support/openid-provider.ts';
import { accountWorlds } from './accounts-world.ts';

const start = accountWorlds();
const running = closedAfterEach();

test('where a provider and accounts are offered, either signs in, and the user is the one of each', async () => {
  const port = await freePort();
  const openid = await startOpenidProvider({}, { redirect_uris: [`http://127.0.0.1:${port}/.rolegate/callback/corp`] });
  running.push(openid);
  const { origin, gateway, service, post, open, askAccount, askCode, enter } = await start({
    port,
    accounts: `  accounts: { name: Team wiki }
  providers:
    corp: { label: The corp account, issuer: "${openid.issuer}", clientId: web, clientSecret: ${webSecret}, scopes: [openid, profile], userPrefix: 'corp:', fields: { userId: preferred_username } }`,
    routes: `  - { id: either, match: { path: /either/** }, upstream: pages, signIn: [corp, authApi], credentials: [session], access: authenticated }`,
  });
  const lastCode = () => gateway.codes.at(-1)!.code;
  const user = () => service.last().header('x-user')[0]!;
  const choiceOf = (text: string) =>
    [...text.matchAll(/<a class="button wide" href="([^"]+)"[^>]*>([^<]+)</g)].map(
      ([, href = '', label = '']) => [label, href.replaceAll('&#38;', '&')] as const,
    );

  const [ann, bob] = [new CookieBrowser(), new CookieBrowser()];
  const shown = choiceOf((await open(ann, '/either/1?a=2')).text);
  expect(shown.map(([label]) => label)).toEqual(['The corp account', 'Team wiki']);
  const [corp, accounts] = shown.map(([, href]) => origin + href) as [string, string];

  const byProvider = await ann.visit(corp);
  expect([byProvider.url, byProvider.text, user()]).toEqual([`${origin}/either/1?a=2`, 'upstream', 'corp:ann']);

  const created = await enter(bob, await askAccount(bob, await bob.visit(accounts), 'bob@example.test'), lastCode());
  expect([created.url, created.text]).toEqual([`${origin}/either/1?a=2`, 'upstream']);
  expect(user()).toMatch(/^[0-9a-f-]{36}$/);

  // A session of the provider has no account here: its page leads to the sign-in that has one, and comes back.
  const account = `${origin}/.rolegate/account`;
  const asked = await ann.visit(account);
  expect(asked.text).toContain('action="/.rolegate/address"');
  const own = await enter(ann, await askCode(ann, asked, 'bob@example.test'), lastCode());
  expect([own.url, own.text.includes('bob@example.test')]).toEqual([account, true]);
  await ann.visit(`${origin}/either/2`);
  expect(user()).toMatch(/^[0-9a-f-]{36}$/);

  await post(ann, '/.rolegate/sign-out', {});
  expect(choiceOf((await open(ann, '/either/1')).text)).toHaveLength(2);
});

test('at several hosts a person signs in once, on the pages of the main one, and out of all', async () => {
  const [origin, wiki] = ['https://app.example.com', 'https://wiki.example.com'];
  const { gateway, service, post, askAccount, enter } = await start({
    origin,
    accounts: `  otherOrigins: ["${wiki}"]`,
  });
  const browser = new CookieBrowser({ origins: [origin, wiki], port: gateway.port });
  const asked = await browser.visit(`${wiki}/page?a=2#part`);
  expect([new URL(asked.url).origin, asked.text.includes('action="/.rolegate/address"')]).toEqual([origin, true]);
  const arrived = await enter(
    browser,
    await askAccount(browser, asked, 'ann@example.test'),
    gateway.codes.at(-1)!.code,
  );
  expect([new URL(arrived.url).origin, arrived.text]).toEqual([wiki, 'upstream']);
  const at = async (host: string) => (await browser.visit(`${host}/other`)).way.length;
  expect([await at(origin), await at(wiki)]).toEqual([1, 1]);
  expect(new Set(service.requests.map((request) => request.header('x-name')[0]))).toEqual(new Set(['ann Example']));
  // The pages of accounts are at the main host only.
  for (const page of ['address', 'account', 'people'])
    expect((await browser.open(`${wiki}/.rolegate/${page}`)).status).toBe(404);
  expect((await browser.open(`${origin}/.rolegate/account`)).status).toBe(200);
  await post(browser, '/.rolegate/sign-out', {});
  for (const host of [origin, wiki])
    expect((await browser.visit(`${host}/other`)).text).toContain('action="/.rolegate/address"');
});
