/** A gateway with every kind of route, a recording service, and an Auth API that can fail. */
import { expect, vi } from 'vitest';
import { type AuthApiMood, type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

export type Headers = Readonly<Record<string, string>>;

export const bearer: Headers = { authorization: 'Bearer anns-token' };
export const pair: Headers = { 'api-key': 'anns-key', 'api-secret': 'anns-secret' };
export const kinds: [string, Headers][] = [
  ['a bearer', bearer],
  ['a key pair', pair],
];

export interface OutageSettings {
  /** Origin instead of the double's. */
  readonly authApi?: string;
  /** How long the gateway waits for the Auth API; unset: briefly, for doubles that do not respond. */
  readonly timeout?: string;
  /** YAML of the sections. */
  readonly cache?: string;
  readonly breaker?: string;
  /** `server.readyWithoutSources`. */
  readonly readyWithoutSources?: boolean;
}

export interface OutageWorld {
  readonly authApi: FakeAuthApi;
  readonly upstream: RecordingUpstream;
  readonly gateway: RunningGateway;
  get(path: string, headers?: Headers): Promise<Response>;
  /** Expects the refusal of an outage. Returns the reason in its body. */
  expectOutage(answer: Response, route: string): Promise<string>;
  /** Expects every outage so far in the log, by its id, with its reason, once. */
  expectLogged(): Promise<void>;
  close(): Promise<void>;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const message = 'Authentication is temporarily unavailable';

export async function startOutageWorld({
  authApi: url,
  timeout,
  cache,
  breaker,
  readyWithoutSources = true,
}: OutageSettings = {}): Promise<OutageWorld> {
  const authApi = await startFakeAuthApi();
  authApi.addSession('anns-token');
  authApi.addKeyPair('anns-key', 'anns-secret');
  const upstream = await startRecordingUpstream();
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", readyWithoutSources: ${readyWithoutSources} }
authApi:
  url: "${url ?? new URL(authApi.url).origin}"
  timeout: ${timeout ?? '150ms'}
  breaker: ${breaker ?? '{ failures: 3, open: 200ms }'}
cache: ${cache ?? '{}'}
roles: { user: {} }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: home, match: { path: "/open" }, upstream: service, access: public }
  - { id: greeting, match: { path: "/greeting" }, upstream: service, access: optional }
  - { id: own, match: { path: "/own" }, upstream: service, access: authenticated }
  - { id: order, match: { path: "/orders/{id}" }, upstream: service, access: { GET: [user], POST: [user] } }
`);
  const expectedLines: [string, object][] = [];

  return {
    authApi,
    upstream,
    gateway,
    get: (path, headers = {}) => fetch(`${gateway.origin}${path}`, { headers }),
    async expectOutage(answer, route) {
      const { status, headers } = answer;
      const text = await answer.text();
      expect([status, headers.get('x-error')], text).toEqual([503, message]);
      const errorId = headers.get('x-error-id') ?? '';
      expect(errorId).toMatch(uuid);
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d{0,2}$/);
      expect(headers.get('www-authenticate')).toBeNull();
      expect(headers.get('content-type')).toBe('application/problem+json');
      expect(headers.get('cache-control')).toBe('no-store');
      const { code, ...problem } = JSON.parse(text);
      expect(problem).toMatchObject({ status: 503, title: message, errorId });
      expectedLines.push([
        errorId,
        { msg: 'request', route, status, outcome: 'refuse', reason: code, fault: 'auth-api', stage: 'resolve' },
      ]);
      return code;
    },
    async expectLogged() {
      expect(expectedLines.length).toBeGreaterThan(0);
      await vi.waitFor(() => {
        const lines = Map.groupBy(gateway.logLines(), (line) => line['errorId']);
        for (const [errorId, line] of expectedLines) expect(lines.get(errorId)).toMatchObject([line]);
      });
    },
    async close() {
      await gateway.close();
      await Promise.all([authApi.close(), upstream.close()]);
    },
  };
}

/** The Auth API's result for ann, with the fields of both kinds of credential. */
export const identity = {
  sessionID: '11111111-2222-4333-8444-555555555555',
  keyID: '11111111-2222-4333-8444-555555555555',
  apiKey: 'anns-key',
  userID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  expireAt: Math.floor(Date.now() / 1000) + 3600,
  verified: true,
  roles: ['user'],
  groups: ['public'],
};

/** A body that is not text is sent as JSON. */
export function says(status: number, body: unknown, headers: Headers = {}): AuthApiMood {
  return { kind: 'answers', status, body: typeof body === 'string' ? body : JSON.stringify(body), headers };
}

/** The valid response, changed. */
export function but(changes: object): AuthApiMood {
  return says(200, { ...identity, ...changes });
}
