/**
 * The golden cases through the running proxy: each is sent as raw bytes, and what the client gets and what the
 * upstream received is compared with what `decide` has to decide.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGateway } from '../../../src/app/create-gateway.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { reasons } from '../../../src/core/outcome/reasons.ts';
import { type AuthApiMood, type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import {
  configText,
  type GoldenCase,
  type GoldenFile,
  linesOf,
  readGoldenFiles,
  userIdOf,
} from '../../support/golden-cases.ts';
import { type RawAnswer, sendRaw } from '../../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** What the Auth API answers to everybody while an identity with such a verdict is the caller. */
const moods: Readonly<Record<'unavailable' | 'throttled', AuthApiMood>> = {
  unavailable: { kind: 'answers', status: 500, body: '{"error":"internal"}' },
  throttled: { kind: 'answers', status: 429, body: '{}', headers: { 'retry-after': '7' } },
};

interface World {
  readonly port: number;
  readonly authApi: FakeAuthApi;
  readonly upstream: RecordingUpstream;
  close(): Promise<void>;
}

describe.each(readGoldenFiles().map((golden) => [golden.file, golden] as const))('%s', (_file, golden) => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(golden);
  });
  afterAll(() => world.close());

  test.each(golden.cases.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const { authApi, upstream } = world;
    upstream.clear();
    const verdict = row.as === undefined ? undefined : golden.identities[row.as]?.verdict;
    await authApi.behave(verdict === 'unavailable' || verdict === 'throttled' ? moods[verdict] : { kind: 'fine' });
    const before = authApi.calls.session + authApi.calls.keypair;
    const lines = linesOf(golden, row);
    const answer = await sendRaw(world.port, Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
    if (row.expect.outcome === 'allow') expectForwarded(row, answer, upstream);
    else if (row.expect.outcome === 'preflight') expectPreflight(row, answer, upstream);
    else if (row.expect.outcome === 'metadata') expectMetadata(row, answer, upstream);
    else expectRefused(row, answer, upstream);
    if (row.expect.asked !== undefined) {
      expect(authApi.calls.session + authApi.calls.keypair - before).toBe(row.expect.asked ? 1 : 0);
    }
  });
});

function expectForwarded(row: GoldenCase, answer: RawAnswer, upstream: RecordingUpstream): void {
  expect([answer.status, answer.header('x-error')]).toEqual([200, undefined]);
  expect(upstream.requests).toHaveLength(1);
  const received = upstream.last();
  expectHeaders(row, answer);
  const { identity, upstream: expected } = row.expect;
  if (identity !== undefined) expect(received.header('user-id')).toEqual(identity === null ? [] : [userIdOf(identity)]);
  if (expected?.path !== undefined) expect(received.target).toBe(expected.path);
  for (const [name, value] of Object.entries(expected?.headers ?? {})) {
    const values = received.header(name);
    expect([name, values.length === 0 ? null : values.join(' | ')]).toEqual([name, value]);
  }
}

function expectPreflight(row: GoldenCase, answer: RawAnswer, upstream: RecordingUpstream): void {
  expect([answer.status, answer.header('x-error'), answer.text()]).toEqual([200, undefined, '']);
  expect(upstream.requests).toHaveLength(0);
  expectHeaders(row, answer);
}

function expectMetadata(row: GoldenCase, answer: RawAnswer, upstream: RecordingUpstream): void {
  expect([answer.status, answer.header('x-error'), JSON.parse(answer.text())]).toEqual([
    200,
    undefined,
    row.expect.body,
  ]);
  expect(upstream.requests).toHaveLength(0);
  expectHeaders(row, answer);
}

function expectHeaders({ expect: { headers } }: GoldenCase, answer: RawAnswer): void {
  for (const [name, value] of Object.entries(headers ?? {})) {
    const values = answer.headers(name);
    expect([name, values.length === 0 ? null : values.join(' | ')]).toEqual([name, value]);
  }
}

function expectRefused(row: GoldenCase, answer: RawAnswer, upstream: RecordingUpstream): void {
  const { reason, condition, proxyReason, status, location } = row.expect;
  const code = proxyReason ?? reason;
  if (code === undefined) throw new Error('a refusal has a reason');
  expect([answer.status, answer.header('x-error')]).toEqual([
    location === undefined || proxyReason !== undefined ? reasons[code].status : 303,
    messageOf(code, condition),
  ]);
  expect(answer.header('x-error-id')).toMatch(uuid);
  expect(upstream.requests).toHaveLength(0);
  if (!/^HEAD /.test(typeof row.request === 'string' ? row.request : (row.request[0] ?? ''))) {
    expect(answer.header('content-type')).toBe('application/problem+json');
    expect(JSON.parse(answer.text())).toMatchObject({
      code,
      errorId: answer.header('x-error-id'),
      ...(condition === undefined ? {} : { condition, title: messageOf(code, condition) }),
    });
  }
  if (proxyReason !== undefined) return;
  expect(answer.header('location')).toBe(location);
  if (status !== undefined) expect(answer.status).toBe(status);
  expectHeaders(row, answer);
}

/** A condition adds the word of its author, which is all that tells it from others. */
function messageOf(code: keyof typeof reasons, condition: string | undefined): string {
  return condition === undefined ? reasons[code].message : `${reasons[code].message}: ${condition}`;
}

async function startWorld(golden: GoldenFile): Promise<World> {
  const authApi = await startFakeAuthApi();
  const upstream = await startRecordingUpstream();
  for (const [name, { bearer, apiKey, apiSecret, verdict, roles, groups, alias }] of Object.entries(
    golden.identities,
  )) {
    if (verdict !== 'accepted') continue;
    const known = { userId: userIdOf(name), roles, groups, alias: alias ?? name, fullName: name };
    if (bearer !== undefined) authApi.addSession(bearer, { ...known, sessionId: `session-${name}` });
    else if (apiKey !== undefined && apiSecret === undefined)
      authApi.addApiKey(apiKey, { ...known, keyId: `key-${name}` });
    else if (apiKey !== undefined && apiSecret !== undefined) {
      authApi.addKeyPair(apiKey, apiSecret, { ...known, keyId: `key-${name}` });
    }
  }
  const text = configText(golden, new URL(authApi.url).origin, upstream.origin);
  const read = parseConfig(text, { file: golden.file, env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(`${golden.file}: ${JSON.stringify(read.problems, null, 2)}`);
  const gateway = createGateway(read.config, { version: 'test' });
  const { port } = (await gateway.start()).listen;
  return {
    port,
    authApi,
    upstream,
    async close() {
      await gateway.close();
      await Promise.all([authApi.close(), upstream.close()]);
    },
  };
}
