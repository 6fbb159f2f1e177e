/** What a client and the service see of a golden case, whatever the version of HTTP that carries it. */
import { expect } from 'vitest';
import { type GoldenCase, userIdOf } from './golden-cases.ts';
import { expectRefusal } from './golden-worlds.ts';
import type { RawAnswer } from './raw-client.ts';
import type { RecordingUpstream } from './recording-upstream.ts';

export type GoldenAnswer = Pick<RawAnswer, 'status' | 'header' | 'headers' | 'text'>;

export function expectGolden(row: GoldenCase, answer: GoldenAnswer, upstream: RecordingUpstream): void {
  if (row.expect.outcome === 'allow') expectForwarded(row, answer, upstream);
  else if (row.expect.outcome === 'preflight') expectPreflight(row, answer, upstream);
  else if (row.expect.outcome === 'metadata') expectMetadata(row, answer, upstream);
  else expectRefused(row, answer, upstream);
}

function expectForwarded(row: GoldenCase, answer: GoldenAnswer, upstream: RecordingUpstream): void {
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

function expectPreflight(row: GoldenCase, answer: GoldenAnswer, upstream: RecordingUpstream): void {
  expect([answer.status, answer.header('x-error'), answer.text()]).toEqual([200, undefined, '']);
  expect(upstream.requests).toHaveLength(0);
  expectHeaders(row, answer);
}

function expectMetadata(row: GoldenCase, answer: GoldenAnswer, upstream: RecordingUpstream): void {
  expect([answer.status, answer.header('x-error'), JSON.parse(answer.text())]).toEqual([
    200,
    undefined,
    row.expect.body,
  ]);
  expect(upstream.requests).toHaveLength(0);
  expectHeaders(row, answer);
}

function expectHeaders({ expect: { headers } }: GoldenCase, answer: GoldenAnswer): void {
  for (const [name, value] of Object.entries(headers ?? {})) {
    const values = answer.headers(name);
    expect([name, values.length === 0 ? null : values.join(' | ')]).toEqual([name, value]);
  }
}

function expectRefused(row: GoldenCase, answer: GoldenAnswer, upstream: RecordingUpstream): void {
  const { reason, proxyReason, status, location } = row.expect;
  expectRefusal(row, answer, proxyReason ?? reason!);
  expect(upstream.requests).toHaveLength(0);
  if (proxyReason !== undefined) return;
  expect(answer.header('location')).toBe(location);
  if (status !== undefined) expect(answer.status).toBe(status);
  expectHeaders(row, answer);
}
