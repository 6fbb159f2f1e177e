/** Signing in with a browser through the whole gateway: from a protected page to the provider and back, until the session ends. */
import { describe, expect, test } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { startOpenidProvider, webSecret } from '../../support/openid-provider.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { useRedis } from '../../support/redis.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { sampleValue } from '../../unit/telemetry/prometheus-text.ts';
import { pageOrEvents } from './sign-in-world.ts';

const running = closedAfterEach();
const operators = 'operators-0123456789abcdef0123456789';
const secret = 'a secret of the gateway with 32 characters';

interface World {
  readonly redisUrl?: string;
  readonly keyPrefix?: string;
  /** Settings of sessions. */
  readonly sessions?: string;
}

/** One origin, which `gateways` processes serve in turn. */
async function world({ redisUrl, keyPrefix, sessions = '{}' }: World = {}) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const openid = await startOpenidProvider(
    {},
    {
      redirect_uris: [`${origin}/.rolegate/callback/corp`],
      post_logout_redirect_uris: [`${origin}/.rolegate/signed-out`],
    },
  );
  running.push(openid);
  const service = await startRecordingUpstream({ answer: pageOrEvents });
  running.push(service);
  const redis = redisUrl === undefined ? '' : `\n  redis: { url: "${redisUrl}", keyPrefix: "${keyPrefix}" }`;
  const config = (listen: number, more = '') => `version: 1
server: { listen: "127.0.0.1:${listen}", admin: "127.0.0.1:0", adminToken: ${operators} }
cache:
  secret: ${secret}${redis}
upstreams:
  pages: { targets: ['${service.origin}'] }
signIn:
  origin: ${origin}
  sessions: ${sessions}
  providers:
    corp:
      issuer: ${openid.issuer}
      clientId: web
      clientSecret: ${webSecret}
      scopes: [openid, profile]
      fields: { userId: preferred_username }
routes:
  - { id: pages, match: { path: /** }, upstream: pages, signIn: corp, credentials: [session], access: authenticated }
${more}`;
  const gateway = await startGateway(config(port));
  running.push(gateway);
  return { origin, service, gateway, config };
}

const cookieOf = (browser: CookieBrowser, origin: string) =>
  [...browser.cookies.get(new URL(origin).host)!].map((pair) => pair.join('=')).join('; ');

const script = { headers: { accept: '*/*', 'sec-fetch-mode': 'cors' } };

describe('a protected page', () => {
  test('sends a person to the provider and back, and the service sees who it is and no cookie of the gateway', async () => {
    const { origin, service } = await world();
    const browser = new CookieBrowser();
    const seen = await browser.visit(`${origin}/reports?a=b//c#part`);
    expect(seen).toMatchObject({ status: 200, url: `${origin}/reports?a=b//c#part` });
    const [request, ...others] = service.requests;
    expect(others).toEqual([]);
    expect(request!.target).toBe('/reports?a=b//c');
    const headers = request!.rawHeaders.map((text) => text.toLowerCase());
    expect(headers[headers.indexOf('user-id') + 1]).toBe('ann');
    expect(headers).not.toContain('cookie');
  });

  test('refuses scripts without a session, and never redirects them', async () => {
    const { origin, service } = await world();
    const response = await fetch(`${origin}/api`, { ...script, redirect: 'manual' });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('/.rolegate/sign-in/corp');
    expect(service.requests).toEqual([]);
  });

  test('refuses made-up sessions, and a page of another site that uses a good one', async () => {
    const { origin, service } = await world();
    const browser = new CookieBrowser();
    await browser.visit(`${origin}/`);
    const before = service.requests.length;
    const made = await fetch(`${origin}/`, {
      headers: { ...script.headers, cookie: `rolegate-session=${'x'.repeat(43)}` },
    });
    expect(made.status).toBe(401);
    const foreign = { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'cross-site', origin: 'http://evil.test' };
    const posted = await browser.open(`${origin}/`, { method: 'POST', headers: foreign });
    expect(posted.status).toBe(403);
    expect(service.requests).toHaveLength(before);
  });

  test('is refused at once after the sign-out, although the result was cached', async () => {
    const { origin } = await world();
    const browser = new CookieBrowser();
    await browser.visit(`${origin}/`);
    const cookie = cookieOf(browser, origin);
    const withCookie = { headers: { ...script.headers, cookie } };
    expect((await fetch(`${origin}/`, withCookie)).status).toBe(200);
    const own = { origin, 'sec-fetch-site': 'same-origin' };
    const out = await browser.open(`${origin}/.rolegate/sign-out`, { method: 'POST', headers: own });
    expect(out.status).toBe(303);
    expect((await fetch(`${origin}/`, withCookie)).status).toBe(401);
  });

  test('ends its open streams with the sign-out', async () => {
    const { origin } = await world();
    const browser = new CookieBrowser();
    await browser.visit(`${origin}/`);
    const cookie = cookieOf(browser, origin);
    const events = await fetch(`${origin}/events`, { headers: { ...script.headers, cookie } });
    const reader = events.body!.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: first\n\n');
    const own = { origin, 'sec-fetch-site': 'same-origin' };
    await browser.open(`${origin}/.rolegate/sign-out`, { method: 'POST', headers: own });
    await expect(reader.read()).rejects.toThrow();
  });

  test('is refused once an operator has revoked its user', async () => {
    const { origin, gateway } = await world();
    const browser = new CookieBrowser();
    await browser.visit(`${origin}/`);
    const withCookie = { headers: { ...script.headers, cookie: cookieOf(browser, origin) } };
    expect((await fetch(`${origin}/`, withCookie)).status).toBe(200);
    const revoked = await fetch(`${gateway.admin}/revocations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${operators}`, 'content-type': 'application/json' },
      body: JSON.stringify({ userID: 'ann' }),
    });
    expect(revoked.status).toBe(202);
    expect((await fetch(`${origin}/`, withCookie)).status).toBe(401);
  });

  test('stays open through a reload that changes a route and adds a provider', async () => {
    const { origin, gateway, config } = await world();
    const browser = new CookieBrowser();
    await browser.visit(`${origin}/`);
    const { port } = new URL(origin);
    const more = '  - { id: open, match: { path: /open }, upstream: pages, access: public }';
    const other = '    other: { issuer: "https://id.test", clientId: a, clientSecret: b, userPrefix: "o:" }\n    corp:';
    gateway.apply(config(Number(port), more).replace('    corp:', other));
    expect((await browser.open(`${origin}/`, script)).status).toBe(200);
  });
});

describe('with Redis', () => {
  test('another replica knows the session, and its end', async () => {
    const { url, keyPrefix } = await useRedis();
    const { origin, config } = await world({ redisUrl: url, keyPrefix });
    const other = await startGateway(config(await freePort()));
    running.push(other);
    const browser = new CookieBrowser();
    expect((await browser.visit(`${origin}/`)).status).toBe(200);
    const cookie = cookieOf(browser, origin);
    const there = () => fetch(`${other.origin}/`, { headers: { ...script.headers, cookie } });
    expect((await there()).status).toBe(200);
    const own = { origin, 'sec-fetch-site': 'same-origin' };
    await browser.open(`${origin}/.rolegate/sign-out`, { method: 'POST', headers: own });
    await expect.poll(async () => (await there()).status).toBe(401);
  });

  test('a process that has just started waits for its connection, instead of refusing sessions', async () => {
    const { url, keyPrefix } = await useRedis();
    const { origin, config } = await world({ redisUrl: url, keyPrefix });
    const browser = new CookieBrowser();
    await browser.visit(`${origin}/`);
    const headers = { ...script.headers, cookie: cookieOf(browser, origin) };
    for (let start = 0; start < 5; start += 1) {
      const other = await startGateway(config(0));
      running.push(other);
      expect((await fetch(`${other.origin}/`, { headers })).status).toBe(200);
    }
  });

  test('a session that a bound ends is counted, and is refused at once although its result was cached', async () => {
    const { url, keyPrefix } = await useRedis();
    const { origin, gateway } = await world({ redisUrl: url, keyPrefix, sessions: '{ maxPerPerson: 1 }' });
    const [first, second] = [new CookieBrowser(), new CookieBrowser()];
    await first.visit(`${origin}/`);
    expect((await first.open(`${origin}/`, script)).status).toBe(200);
    const asOperator = { headers: { authorization: `Bearer ${operators}` } };
    const evicted = async () => {
      const text = await (await fetch(`${gateway.admin}/metrics`, asOperator)).text();
      return sampleValue(text, 'rolegate_sessions_evicted_total', { by: 'person' });
    };
    expect(await evicted()).toBeUndefined();
    await second.visit(`${origin}/`);
    expect(await evicted()).toBe(1);
    await expect.poll(async () => (await first.open(`${origin}/`, script)).status, { timeout: 2_000 }).toBe(401);
  });
});
