/**
 * The golden cases through the running proxy: each is sent as raw bytes, and the client's response and the upstream
 * request are compared with the expected decision.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GoldenCase, linesOf, readGoldenFiles, userIdOf } from '../../support/golden-cases.ts';
import { expectRefusal, type GoldenWorld, startGoldenWorld } from '../../support/golden-worlds.ts';
import { type RawAnswer, sendRaw } from '../../support/raw-client.ts';
import type { RecordingUpstream } from '../../support/recording-upstream.ts';

describe.each(readGoldenFiles().map((golden) => [golden.file, golden] as const))('%s', (_file, golden) => {
  let world: GoldenWorld;
  beforeAll(async () => {
    world = await startGoldenWorld(golden);
  });
  afterAll(() => world.close());

  test.each(golden.cases.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const { authApi, upstream } = world;
    await world.prepare(row);
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
  const { reason, proxyReason, status, location } = row.expect;
  expectRefusal(row, answer, proxyReason ?? reason!);
  expect(upstream.requests).toHaveLength(0);
  if (proxyReason !== undefined) return;
  expect(answer.header('location')).toBe(location);
  if (status !== undefined) expect(answer.status).toBe(status);
  expectHeaders(row, answer);
}
