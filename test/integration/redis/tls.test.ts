/** TLS towards Redis: trusted certificates, the gateway's own certificate, and no fallback without TLS. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ClientTlsConfig, RedisConfig } from '../../../src/config/config.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import type { RedisFailure } from '../../../src/redis/redis-link.ts';
import { createAuthority } from '../../support/certificates.ts';
import { startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { redisConfigOf } from '../../support/redis-config.ts';
import { startTlsRedis, type TlsRedis } from '../../support/redis-topologies.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { listening, patience } from './link-support.ts';

const none = { ca: null, cert: null, key: null, serverName: null };

function configOf({ address }: TlsRedis, tls: ClientTlsConfig | null, host = address.host): RedisConfig {
  const servers = { kind: 'single', host, port: address.port, database: 0 } as const;
  return { ...redisConfigOf(servers, 'test:'), tls };
}

function open(config: RedisConfig) {
  const away: RedisFailure[] = [];
  const link = connectRedis(config, { name: 'test', onAway: (why) => away.push(why) });
  onTestFinished(link.close);
  return { link, away };
}

describe('a TLS-only server', () => {
  it.each<[string, (redis: TlsRedis) => [tls: ClientTlsConfig, host?: string]]>([
    ['verified by address', ({ ca }) => [{ ...none, ca }]],
    ['verified by name', ({ ca }) => [{ ...none, ca }, 'localhost']],
    ['verified by a configured name', ({ ca }) => [{ ...none, ca, serverName: 'redis.test' }]],
  ])(
    '%s, with a private authority: commands and subscriptions',
    async (_, how) => {
      const redis = await startTlsRedis();
      const [tls, host] = how(redis);
      const { link, away } = open(configOf(redis, tls, host));
      const heard = listening(link.subscriber(), 'news');
      await vi.waitFor(() => expect(heard.subscribed).toBe(1), patience);
      await vi.waitFor(() => expect(link.ready).toBe(true), patience);
      await link.run((client) => client.publish('news', 'one'));
      await vi.waitFor(() => expect(heard.messages).toEqual(['one']), patience);
      expect(away).toEqual([]);
    },
    60_000,
  );

  it.each<[string, (redis: TlsRedis) => [tls: ClientTlsConfig | null, host?: string], RedisFailure]>([
    ['its certificate is not trusted', () => [none], 'certificate'],
    ['its certificate is from another authority', () => [{ ...none, ca: createAuthority().cert }], 'certificate'],
    ['its certificate has another name', ({ ca }) => [{ ...none, ca, serverName: 'other.test' }], 'certificate'],
    ['TLS is not configured', () => [null], 'disconnected'],
  ])(
    'is not used when %s',
    async (_, how, failure) => {
      const redis = await startTlsRedis();
      const [tls, host] = how(redis);
      const { link, away } = open(configOf(redis, tls, host));
      await vi.waitFor(() => expect(away.length).toBeGreaterThan(1), patience);
      expect(link.ready).toBe(false);
      expect(away).toContain(failure);
      await expect(link.run((client) => client.get('a'))).rejects.toThrow();
    },
    60_000,
  );

  it('that requires a certificate gets it', async () => {
    const redis = await startTlsRedis({ askClients: true });
    const { link } = open(configOf(redis, { ...none, ca: redis.ca, ...redis.client }));
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    const without = open(configOf(redis, { ...none, ca: redis.ca }));
    await vi.waitFor(() => expect(without.away.length).toBeGreaterThan(0), patience);
    expect(without.link.ready).toBe(false);
    const stranger = createAuthority().issue({ hosts: ['gateway.test'] });
    const foreign = open(configOf(redis, { ...none, ca: redis.ca, ...stranger }));
    await vi.waitFor(() => expect(foreign.away.length).toBeGreaterThan(0), patience);
    expect(foreign.link.ready).toBe(false);
  }, 60_000);

  it('serves a gateway with the configuration', async () => {
    const redis = await startTlsRedis({ askClients: true });
    const authApi = await startFakeAuthApi();
    onTestFinished(authApi.close);
    authApi.addSession('anns');
    const files: Record<string, string> = {
      '/ca.pem': redis.ca,
      '/own.pem': redis.client.cert,
      '/key.pem': redis.client.key,
    };
    const gateway = await startGateway(
      `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: { url: "${new URL(authApi.url).origin}" }
cache:
  secret: a cache secret of at least thirty-two characters
  redis:
    url: rediss://127.0.0.1:${redis.address.port}
    tls: { ca: /ca.pem, cert: /own.pem, key: /key.pem, serverName: redis.test }
    timeout: 1s
routes: []
`,
      (path) => files[path] ?? '',
    );
    onTestFinished(gateway.close);
    await vi.waitFor(async () => {
      const ready = await fetch(`${gateway.admin}/health/ready`);
      expect(await ready.json()).toMatchObject({ checks: { redis: 'ok' } });
    }, patience);
  }, 60_000);
});
