/** A gateway with the pages of sign-in, a provider whose user signs in at once, and a service behind the gateway. */
import { createSqliteSessionStore } from '../../../src/identity/sessions/sqlite-session-store.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { createSignIn } from '../../../src/sign-in/create-sign-in.ts';
import { createHostCookies } from '../../../src/sign-in/host-cookies.ts';
import { createOpenidProvider } from '../../../src/sign-in/openid-provider.ts';
import { createSpentTransactions } from '../../../src/sign-in/spent-transactions.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { freePort } from '../../support/free-port.ts';
import { startOpenidProvider, webSecret } from '../../support/openid-provider.ts';
import { type Answer, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startProxy } from '../../support/running-proxy.ts';

const secret = 'a secret of the gateway with 32 characters';

/** For one test file. */
export function signInWorlds() {
  const running = closedAfterEach();
  return async function world({
    web = {},
    issuer = null as string | null,
    trusted = false,
    clientSecret = webSecret,
    isRedisGone = false,
  } = {}) {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const openid = await startOpenidProvider(
      {},
      {
        redirect_uris: [`${origin}/.rolegate/callback/corp`],
        post_logout_redirect_uris: [`${origin}/.rolegate/signed-out`],
        ...web,
      },
    );
    running.push(openid);
    const service = await startRecordingUpstream();
    running.push(service);
    let clockMs = 0;
    const now = () => Date.now() + clockMs;
    const sessions = createSqliteSessionStore({
      file: null,
      bounds: { maxIdleMs: 3_600_000, maxLifetimeMs: 86_400_000, maxPerPerson: 20, max: 1000 },
      secret,
      previousSecrets: [],
      onEvict() {},
      now,
    });
    running.push(sessions);
    const provider = createOpenidProvider(
      {
        name: 'corp',
        label: 'corp',
        issuer: issuer ?? openid.issuer,
        client: { id: 'web', secret: clientSecret },
        scopes: ['openid', 'profile'],
        authorizationParameters: {},
        tls: null,
        timeoutMs: 2_000,
      },
      now,
    );
    running.push(provider);
    const ownPages = createSignIn({
      origin,
      otherOrigins: [],
      cookies: { cookie: 'rolegate-session', browserCookie: 'rolegate-browser', others: null },
      hosts: createHostCookies(origin, [], [secret]),
      providers: [provider],
      sessions,
      secrets: [secret],
      spent: createSpentTransactions(now, isRedisGone ? { link: goneRedis(), keyPrefix: '' } : null),
      now,
    });
    const proxy = await startProxy({
      port,
      targets: [service.origin],
      trustedProxies: () => trusted,
      runtime: (runtime) => ({ ...runtime, ownPages }),
    });
    running.push(proxy);
    const start = (target: string) => `${origin}/.rolegate/sign-in/corp?return_to=${encodeURIComponent(target)}`;
    return { origin, openid, service, sessions, provider, proxy, start, later: (ms: number) => (clockMs += ms) };
  };
}

function goneRedis() {
  const servers = { kind: 'single', host: '127.0.0.1', port: 1, database: 0 } as const;
  const access = { username: null, password: null, tls: null };
  return connectRedis({ servers, ...access, keyPrefix: '', commandTimeoutMs: 1_000 }, { name: 'test' });
}

/** Of a service: a stream at `/events`, which stays open, and a page elsewhere. */
export const pageOrEvents: Answer = ({ target }, { response }) => {
  if (target !== '/events') return { body: 'page' };
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('data: first\n\n');
  return undefined;
};
