/** Sessions of browsers in Redis, as sign-ins leave them at a provider that gives no refresh tokens. */
import { createRedisSessionStore } from '../../src/identity/sessions/redis-session-store.ts';
import { connectRedis } from '../../src/redis/connect-redis.ts';

export interface OpenSessions {
  /** Returns the value of the cookie. `sid`: the provider's own id of its session. */
  open(subject: string, sid?: string): Promise<string>;
  close(): Promise<void>;
}

/** `secret`: `cache.secret` of the gateways that read them. */
export async function connectSessionStore(redisPort: number, secret: string, issuer: string): Promise<OpenSessions> {
  const link = connectRedis(
    {
      servers: { kind: 'single', host: '127.0.0.1', port: redisPort, database: 0 },
      username: null,
      password: null,
      tls: null,
      keyPrefix: 'rolegate:',
      commandTimeoutMs: 2_000,
    },
    { name: 'bench' },
  );
  const store = createRedisSessionStore({
    link,
    keyPrefix: 'rolegate:',
    bounds: { maxIdleMs: 43_200_000, maxLifetimeMs: 604_800_000, maxPerPerson: 20, max: 100_000 },
    secret,
    previousSecrets: [],
    onEvict() {},
    now: Date.now,
  });
  await whenConnected(() => store.listOf(issuer, 'nobody'));
  return {
    open(subject, sid) {
      const nowMs = Date.now();
      return store.open({
        provider: 'corp',
        issuer,
        subject,
        claims: {
          sub: subject,
          name: 'Ana Example',
          preferred_username: 'ana',
          roles: ['user'],
          groups: ['public', 'acme'],
          ...(sid === undefined ? {} : { sid }),
        },
        providerSession: sid ?? null,
        authenticatedAtMs: nowMs,
        openedAtMs: nowMs,
        transaction: 'sign-in-1',
        usedAtMs: nowMs,
        device: 'bench/1.0',
        address: '127.0.0.1',
        tokens: { access: 'a'.repeat(900), id: 'i'.repeat(900), refresh: null, expiresAtMs: null, receivedAtMs: nowMs },
      });
    },
    async close() {
      await store.close();
      link.close();
    },
  };
}

async function whenConnected<T>(call: () => Promise<T>): Promise<T> {
  for (let attempts = 100; ; attempts -= 1) {
    try {
      return await call();
    } catch (error) {
      if (attempts === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
