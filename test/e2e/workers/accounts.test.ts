/** Sign-in without a provider at two workers: each page may be served by another one than the page before. */
import { Agent, setGlobalDispatcher } from 'undici';
import { expect, test } from 'vitest';
import { accountSteps } from '../../integration/sign-in/accounts-world.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { useRedis } from '../../support/redis.ts';
import { poll, startWorkers, usualConfig } from './workers-world.ts';

// A connection for each request: the next worker takes it.
setGlobalDispatcher(new Agent({ pipelining: 0 }));

test('people sign up, sign in and out; a session counts at every worker, and its end, too', {
  timeout: 120_000,
}, async () => {
  const { url, keyPrefix } = await useRedis();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const world = await startWorkers({
    config: (parts) =>
      usualConfig({ ...parts, access: '[user]' })
        .replace('listen: "127.0.0.1:0"', `listen: "127.0.0.1:${port}"`)
        .replace(
          /authApi: .*\ncache: .*/,
          `authApi:
  embedded: { database: "file:./auth.db", secret: a secret for these tests alone and long enough, selfRegistration: true, revealUnknownEmail: false, outbox: console }
signIn: { origin: "${origin}" }
defaults: { signIn: authApi }
cache: { secret: a secret of the gateway with 32 characters, redis: { url: "${url}", keyPrefix: "${keyPrefix}" } }`,
        )
        .replace('access: [user] }', 'access: [user], credentials: [session] }'),
  });
  const { askAccount, askCode, enter, open, post, session } = accountSteps(origin);
  const codes = () => [...world.command.output().matchAll(/"code":"(\d{6})"/g)].map(([, code]) => code!);
  const codeAfter = async (count: number) => {
    await poll(() => codes().length).toBeGreaterThan(count);
    return codes().at(-1)!;
  };
  const target = '/orders/7';
  const ann = new CookieBrowser();
  for (let round = 0; round < 2; round += 1) {
    const known = codes().length;
    const page = await open(ann, target);
    const asked = await (round === 0 ? askAccount : askCode)(ann, page, 'ann@example.test');
    const arrived = await enter(ann, asked, await codeAfter(known));
    expect([arrived.url, arrived.status]).toEqual([origin + target, 200]);
    const cookie = { cookie: `rolegate-session=${session(ann)}` };
    const connections = await world.toEach(target, cookie);
    for (const one of connections) expect((await one.get(target, cookie)).status).toBe(200);
    expect((await ann.visit(`${origin}/.rolegate/account`)).text).toContain('ann@example.test');
    await post(ann, '/.rolegate/sign-out', {});
    for (const one of connections) await poll(async () => (await one.get(target, cookie)).status).toBe(401);
  }
});
