/** A logout at the provider ends the sessions that were opened with it, on every replica, without a source that verifies its tokens. */
import { expect, test } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { startOpenidProvider, webSecret } from '../../support/openid-provider.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { useRedis } from '../../support/redis.ts';
import { startGateway, untilConnected } from '../../support/running-gateway.ts';
import { pageOrEvents } from './sign-in-world.ts';

const running = closedAfterEach();

interface World {
  /** Metadata of the client at the provider. */
  readonly client: object;
  /** Keys of the provider in the configuration. */
  readonly keys: string;
}

/** One origin; `other` is another replica with the same sessions. */
async function world({ client, keys }: World) {
  const { url, keyPrefix } = await useRedis();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const openid = await startOpenidProvider(
    {},
    {
      redirect_uris: [`${origin}/.rolegate/callback/corp`],
      backchannel_logout_uri: `${origin}/backchannel-logout`,
      ...client,
    },
  );
  running.push(openid);
  const service = await startRecordingUpstream({ answer: pageOrEvents });
  running.push(service);
  const replica = async (listen: number) => {
    const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:${listen}", admin: "127.0.0.1:0" }
cache:
  secret: a secret of the gateway with 32 characters
  redis: { url: "${url}", keyPrefix: "${keyPrefix}", timeout: 1s }
upstreams:
  pages: { targets: ['${service.origin}'] }
signIn:
  origin: ${origin}
  providers:
    corp:
      issuer: ${openid.issuer}
      clientId: web
      clientSecret: ${webSecret}
      scopes: [openid, profile]
      ${keys}
routes:
  - { id: pages, match: { path: /** }, upstream: pages, signIn: corp, credentials: [session], access: authenticated }
  - { id: logout, match: { path: /backchannel-logout }, upstream: backchannel-logout, access: public }
`);
    running.push(gateway);
    await untilConnected(gateway.metrics);
    return gateway;
  };
  const gateway = await replica(port);
  const other = await replica(0);

  /** Resolves when the provider has sent its messages to its clients. */
  async function signOutAtProvider(browser: CookieBrowser): Promise<void> {
    const page = await (await browser.open(`${openid.issuer}/session/end`)).text();
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
    const body = new URLSearchParams({ xsrf, logout: 'yes' });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await browser.open(`${openid.issuer}/session/end/confirm`, { method: 'POST', headers, body });
  }

  async function signIn() {
    const browser = new CookieBrowser();
    expect((await browser.visit(`${origin}/`)).status).toBe(200);
    const id = browser.cookies.get(new URL(origin).host)!.get('rolegate-session')!;
    const headers = { accept: '*/*', 'sec-fetch-mode': 'cors', cookie: `rolegate-session=${id}` };
    const at = (place: string, path = '/') => fetch(`${place}${path}`, { headers });
    const statuses = async () => [(await at(origin)).status, (await at(other.origin)).status];
    return { browser, at, statuses };
  }

  return { gateway, other, signIn, signOutAtProvider };
}

const bySession = { backchannel_logout_session_required: true };

test.each<[string, World]>([
  ['by its session', { client: bySession, keys: 'fields: { userId: preferred_username }' }],
  [
    'by its session, although no field of the identity has it',
    { client: bySession, keys: 'fields: { sessionId: false }' },
  ],
  ['by its user', { client: {}, keys: 'fields: { userId: preferred_username }' }],
  ['by its user, whose identity has another id', { client: {}, keys: 'fields: { userId: aud }' }],
])('a logout at the provider ends the session and its streams on every replica: %s', async (_name, settings) => {
  const { gateway, other, signIn, signOutAtProvider } = await world(settings);
  const { browser, at, statuses } = await signIn();
  expect(await statuses()).toEqual([200, 200]);
  const events = await at(other.origin, '/events');
  const reader = events.body!.getReader();
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: first\n\n');
  await signOutAtProvider(browser);
  expect(await statuses()).toEqual([401, 401]);
  await expect(reader.read()).rejects.toThrow();
  expect(gateway.logText()).toContain('"source":"logout"');
});

test('another session of the user goes on, unless "ends" says otherwise', async () => {
  for (const [ends, expected] of [
    ['session', [200, 200]],
    ['user', [401, 401]],
  ] as const) {
    const keys = `logout: { ends: ${ends} }`;
    const { signIn, signOutAtProvider } = await world({ client: bySession, keys });
    const [first, second] = [await signIn(), await signIn()];
    expect(await second.statuses()).toEqual([200, 200]);
    await signOutAtProvider(first.browser);
    expect(await first.statuses()).toEqual([401, 401]);
    expect(await second.statuses()).toEqual(expected);
  }
});
