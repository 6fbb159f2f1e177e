/** Gateways with an admin port that share a Redis, for the tests of revocation. Everything closes with the test. */
import { expect, onTestFinished, vi } from 'vitest';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';
import { type LateAnswers, startLateAnswers } from './late-results.ts';

export const cacheSecret = 'a cache secret of at least thirty-two characters';
export const adminToken = 'operators-0123456789abcdef0123456789';
export const webhookKey = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
export const pair = { 'api-key': 'the-readable-key', 'api-secret': 'the-readable-secret' };
/** Of the user added by `addAnn`. */
export const ann = { token: 'the-token-of-ann', sessionId: '11111111-2222-4333-8444-000000000001', userId: 'user-ann' };
export const robot = { keyId: '11111111-2222-4333-8444-000000000002', userId: 'user-robot' };

export type Headers = Readonly<Record<string, string>>;
export const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

export interface RevokingGateway extends RunningGateway {
  status(headers: Headers, path?: string, method?: string): Promise<number>;
  /** `POST /revocations` with the operators' token. */
  revoke(body: unknown, headers?: Headers): Promise<Response>;
  /** Applies a configuration with other keys in the cache section. */
  reload(more: string): void;
  /** The value of a metric; 0 without such a sample. */
  metric(sample: string): Promise<number>;
  /** Resolves once the process is connected to revocations, or disconnected. */
  hears(yes: boolean): Promise<void>;
}

export interface World {
  readonly authApi: FakeAuthApi;
  readonly upstream: RecordingUpstream;
  /** The Auth API's responses, which can be delayed. */
  readonly answers: LateAnswers;
  upstreamAnswers(status: number, body?: string): void;
  /** `redis`: of the cache section, `null` for none. `more`: keys of the cache section. */
  gateway(redis: { url: string; keyPrefix: string } | null, more?: string, top?: string): Promise<RevokingGateway>;
  /** Credential checks that reached the Auth API. */
  calls(): number;
}

export async function startWorld(): Promise<World> {
  let answer = { status: 200, body: 'upstream' };
  const [authApi, upstream] = await Promise.all([startFakeAuthApi(), startRecordingUpstream({ answer: () => answer })]);
  const answers = await startLateAnswers(new URL(authApi.url).origin);
  authApi.addSession(ann.token, ann);
  authApi.addKeyPair(pair['api-key'], pair['api-secret'], robot);
  onTestFinished(async () => {
    await answers.close();
    await Promise.all([authApi.close(), upstream.close()]);
  });
  return {
    authApi,
    upstream,
    answers,
    upstreamAnswers(status, body = 'upstream') {
      answer = { status, body };
    },
    calls: () =>
      authApi.received.filter((names) => names.some((name) => /^(authorization|api-key)$/i.test(name))).length,
    async gateway(redis, more = 'whileDisconnected: 10s', top = '') {
      const shared =
        redis === null ? '' : `redis: { url: "${redis.url}", keyPrefix: "${redis.keyPrefix}", timeout: 1s },`;
      const textOf = (keys: string) => `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: "${adminToken}" }
log: { level: trace }
authApi: { url: "${answers.origin}" }
cache: { secret: "${cacheSecret}", ${shared} accepted: 1h, rejected: 1h, refreshAhead: false, ${keys} }
revocations: { webhookSecret: "whsec_${webhookKey}" }
roles: { user: {} }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: own, match: { path: "/own" }, upstream: service, access: [user] }
  - { id: session, match: { path: "/session/{id}" }, upstream: service, access: [user], evict: { session: "{id}" } }
  - { id: leave, match: { path: "/leave" }, upstream: service, access: [user], evict: { user: "{identity.userId}" } }
${top}`;
      const gateway = await startGateway(textOf(more));
      onTestFinished(gateway.close);
      return revoking(gateway, (keys) => gateway.apply(textOf(keys)));
    },
  };
}

function revoking(gateway: RunningGateway, reload: RevokingGateway['reload']): RevokingGateway {
  const operator = { authorization: `Bearer ${adminToken}` };
  const metrics = async () => (await fetch(`${gateway.admin}/metrics`, { headers: operator })).text();
  const metric = async (sample: string) => {
    const line = (await metrics()).split('\n').find((one) => one.startsWith(`${sample} `));
    return Number(line?.slice(sample.length + 1) ?? 0);
  };
  return {
    ...gateway,
    // A spread would have read it only once.
    get admin() {
      return gateway.admin;
    },
    reload,
    metrics,
    metric,
    status: async (headers, path = '/own', method = 'GET') => {
      const answer = await fetch(`${gateway.origin}${path}`, { method, headers });
      await answer.arrayBuffer();
      return answer.status;
    },
    revoke: (body, headers = {}) =>
      fetch(`${gateway.admin}/revocations`, {
        method: 'POST',
        headers: { ...operator, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    hears: (yes) =>
      vi.waitFor(async () => expect(await metric('rolegate_revocations_connected')).toBe(yes ? 1 : 0), {
        timeout: 10_000,
      }),
  };
}
