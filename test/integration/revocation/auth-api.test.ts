/** Revocations by Rolegate's own Auth API reach gateways: over Redis, and within one process without it. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { createGateway } from '../../../src/app/create-gateway.ts';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import type { CodeMail } from '../../../src/auth-api/outbox/outbox.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { useRedis } from '../../support/redis.ts';
import { redisConfig } from '../../support/redis-config.ts';
import { redisClient } from './parts.ts';
import { cacheSecret } from './world.ts';

const ana = { email: 'ana@example.test', fullName: 'Ana', alias: 'ana', roles: ['user'], groups: ['public'] };

async function start(authApi: string, cache: string, onCode: (mail: CodeMail) => void = () => {}) {
  const upstream = await startRecordingUpstream();
  onTestFinished(() => upstream.close());
  const read = parseConfig(
    `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: ${authApi}
cache: { secret: "${cacheSecret}", accepted: 1h, ${cache} }
roles: { user: {} }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: own, match: { path: "/own" }, upstream: service, access: [user] }
  - { id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
`,
    { file: 'gateway.yaml', env: {}, readSecret: () => '' },
  );
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const gateway = createGateway(read.config, { version: 'test', logTo: { write: () => {} }, onCode });
  onTestFinished(() => gateway.close());
  const { listen, admin } = await gateway.start();
  const ask = async (path: string, bearer: string, method = 'GET') => {
    const url = `http://127.0.0.1:${listen!.port}${path}`;
    const answer = await fetch(url, { method, headers: { authorization: `Bearer ${bearer}` } });
    await answer.arrayBuffer();
    return answer.status;
  };
  const metric = async (sample: string) => {
    const text = await (await fetch(`http://127.0.0.1:${admin!.port}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${sample} `))
        ?.split(' ')
        .at(-1) ?? 0,
    );
  };
  return { gateway, origin: `http://127.0.0.1:${listen!.port}`, ask, metric };
}

test('embedded, without Redis: the session has ended when its deletion returns', async () => {
  const embedded = '{ embedded: { database: ":memory:", secret: "a secret of at least thirty-two characters" } }';
  const { gateway, ask, metric } = await start(embedded, '');
  const { authApi } = gateway;
  const { userId } = await authApi!.createUser(ana);
  const { bearer, sessionId } = await authApi!.createVerifiedSession(userId);
  expect(await ask('/own', bearer)).toBe(200);
  expect(await ask(`/api/auth/v2/session/${sessionId}`, bearer, 'DELETE')).toBe(202);
  expect(await ask('/own', bearer)).toBe(401);
  expect(await metric('rolegate_revocations_total{source="auth-api",kind="session"}')).toBe(1);
});

test('a bearer refused before its verification is accepted right after it', async () => {
  const embedded =
    '{ embedded: { database: ":memory:", secret: "a secret of at least thirty-two characters", outbox: console } }';
  const mails: CodeMail[] = [];
  const { gateway, ask, origin } = await start(embedded, 'rejected: 1h', (mail) => mails.push(mail));
  await gateway.authApi!.createUser(ana);
  const post = async (method: string, path: string, body: object) => {
    const response = await fetch(`${origin}/api/auth/v2${path}`, { method, body: JSON.stringify(body) });
    return (await response.json()) as Record<string, string>;
  };
  const { bearer = '' } = await post('POST', '/session', { email: ana.email });
  expect(await ask('/own', bearer)).toBe(401);
  const [mail] = mails;
  await post('PUT', '/session/verification', { verificationCodeID: mail?.codeId, code: mail?.code });
  expect(await ask('/own', bearer)).toBe(200);
});

test('standalone, over Redis: every gateway is notified, and a later one finds it in the log', async () => {
  const redis = await useRedis();
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const settings = { ...authApiSettings, database: ':memory:', redis: redisConfig(redis.url, redis.keyPrefix, 1_000) };
  const api = await createAuthApi({ settings, connectRedis, log });
  onTestFinished(() => api.close());
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  const { userId } = await api.createUser(ana);
  const { bearer, sessionId } = await api.createVerifiedSession(userId);
  const keys = `redis: { url: "${redis.url}", keyPrefix: "${redis.keyPrefix}", timeout: 1s }`;
  const url = `{ url: "http://127.0.0.1:${port}" }`;
  const [one, other] = await Promise.all([start(url, keys), start(url, keys)]);
  for (const { metric } of [one, other]) {
    await vi.waitFor(async () => expect(await metric('rolegate_revocations_connected')).toBe(1), { timeout: 10_000 });
  }
  expect([await one.ask('/own', bearer), await other.ask('/own', bearer)]).toEqual([200, 200]);
  expect(await one.ask(`/api/auth/v2/session/${sessionId}`, bearer, 'DELETE')).toBe(202);
  for (const { ask, metric } of [one, other]) {
    const sample = 'rolegate_revocations_total{source="channel",kind="session"}';
    await vi.waitFor(async () => expect(await metric(sample)).toBe(1), { timeout: 10_000 });
    expect(await ask('/own', bearer)).toBe(401);
  }
  const entries = await redisClient(redis.url).xrange(`${redis.keyPrefix}{revocations}:log`, '-', '+');
  const messages = entries.map(([, fields]) => fields).filter(([name]) => name === 'm');
  expect(messages.map(([, text = '']) => JSON.parse(text))).toMatchObject([{ v: 1, kind: 'session', id: sessionId }]);
  const late = await start(url, keys);
  const caughtUp = 'rolegate_revocation_catch_ups_total{outcome="started"}';
  await vi.waitFor(async () => expect(await late.metric(caughtUp)).toBe(1), { timeout: 10_000 });
  expect(await late.ask('/own', bearer)).toBe(401);
});
