/**
 * What the golden cases of one file run against: an Auth API that accepts its identities, a service, and the gateway.
 */
import { expect } from 'vitest';
import { createGateway } from '../../src/app/create-gateway.ts';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { type ReasonCode, reasons } from '../../src/core/outcome/reasons.ts';
import { type AuthApiMood, type FakeAuthApi, startFakeAuthApi } from './fake-auth-api.ts';
import { configText, type GoldenCase, type GoldenFile, userIdOf } from './golden-cases.ts';
import type { RawAnswer } from './raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from './recording-upstream.ts';

/** The Auth API's response to every call in a case whose identity has this verdict. */
const moods: Readonly<Record<'unavailable' | 'throttled', AuthApiMood>> = {
  unavailable: { kind: 'answers', status: 500, body: '{"error":"internal"}' },
  throttled: { kind: 'answers', status: 429, body: '{}', headers: { 'retry-after': '7' } },
};

export interface GoldenWorld {
  readonly config: Config;
  readonly port: number;
  /** Where other proxies send HTTP checks; 0 if the authorizer is off. */
  readonly authorizerPort: number;
  /** Where other proxies send gRPC checks; 0 if they are off. */
  readonly grpcPort: number;
  readonly authApi: FakeAuthApi;
  readonly upstream: RecordingUpstream;
  /** Sets up the Auth API as the case requires. */
  prepare(row: GoldenCase): Promise<void>;
  close(): Promise<void>;
}

/** An Auth API that accepts the identities in the file. */
export async function startGoldenAuthApi(golden: GoldenFile): Promise<FakeAuthApi> {
  const authApi = await startFakeAuthApi();
  for (const [name, { bearer, apiKey, apiSecret, verdict, roles, groups, alias, signedInAgoS }] of Object.entries(
    golden.identities,
  )) {
    if (verdict !== 'accepted') continue;
    const signedIn =
      signedInAgoS === undefined ? {} : { authenticatedAt: Math.floor(Date.now() / 1000) - signedInAgoS };
    const known = { userId: userIdOf(name), roles, groups, alias: alias ?? name, fullName: name, ...signedIn };
    if (bearer !== undefined) authApi.addSession(bearer, { ...known, sessionId: `session-${name}` });
    else if (apiKey !== undefined && apiSecret === undefined)
      authApi.addApiKey(apiKey, { ...known, keyId: `key-${name}` });
    else if (apiKey !== undefined && apiSecret !== undefined) {
      authApi.addKeyPair(apiKey, apiSecret, { ...known, keyId: `key-${name}` });
    }
  }
  return authApi;
}

/** Sets up the Auth API as the case requires. */
export async function prepareAuthApi(authApi: FakeAuthApi, golden: GoldenFile, { as }: GoldenCase): Promise<void> {
  const verdict = as === undefined ? undefined : golden.identities[as]?.verdict;
  await authApi.behave(verdict === 'unavailable' || verdict === 'throttled' ? moods[verdict] : { kind: 'fine' });
}

/** `more`: additional sections of the configuration. `files`: texts of the files that it names. */
export async function startGoldenWorld(
  golden: GoldenFile,
  more: object = {},
  files: Readonly<Record<string, string>> = {},
): Promise<GoldenWorld> {
  const authApi = await startGoldenAuthApi(golden);
  const upstream = await startRecordingUpstream();
  const text = configText(
    { ...golden, config: { ...golden.config, ...more } },
    new URL(authApi.url).origin,
    upstream.origin,
  );
  const read = parseConfig(text, { file: golden.file, env: {}, readSecret: (path) => files[path] ?? '' });
  if (!read.ok) throw new Error(`${golden.file}: ${JSON.stringify(read.problems, null, 2)}`);
  const gateway = createGateway(read.config, { version: 'test' });
  const { listen, checks } = await gateway.start();
  return {
    config: read.config,
    port: listen!.port,
    authorizerPort: checks.http?.port ?? 0,
    grpcPort: checks.grpc?.port ?? 0,
    authApi,
    upstream,
    async prepare(row) {
      upstream.clear();
      await prepareAuthApi(authApi, golden, row);
    },
    async close() {
      await gateway.close();
      await Promise.all([authApi.close(), upstream.close()]);
    },
  };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The complete refusal of a case: status, the two headers, and the body. */
export function expectRefusal(
  { request, expect: { condition, location, reason } }: GoldenCase,
  answer: Pick<RawAnswer, 'status' | 'header' | 'text'>,
  code: ReasonCode,
): void {
  const { status, message } = reasons[code];
  // A failed condition adds its configured reason; no other refusal adds anything.
  const text = condition === undefined || code !== 'condition_failed' ? message : `${message}: ${condition}`;
  const redirected = location !== undefined && code === reason;
  expect([answer.status, answer.header('x-error')]).toEqual([redirected ? 303 : status, text]);
  expect(answer.header('x-error-id')).toMatch(uuid);
  if (/^HEAD /.test(typeof request === 'string' ? request : (request[0] ?? ''))) return;
  expect(answer.header('content-type')).toBe('application/problem+json');
  const errorId = answer.header('x-error-id');
  const named = condition === undefined ? {} : { condition };
  expect(JSON.parse(answer.text())).toMatchObject({ code, errorId, title: text, ...named });
}
