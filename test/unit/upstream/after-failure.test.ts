import { expect, test } from 'vitest';
import { ClientError, type ClientErrorCode } from '../../../src/http1/client/client-error.ts';
import { type Attempt, afterFailure } from '../../../src/upstream/after-failure.ts';

/** A GET written to a new connection. */
const attempt: Attempt = {
  connected: true,
  underway: true,
  reused: false,
  retried: false,
  responseStarted: false,
  headReceived: false,
  repeatable: true,
};
const onKept: Attempt = { ...attempt, reused: true };
const post: Attempt = { ...onKept, repeatable: false };
const headBroken: Attempt = { ...onKept, responseStarted: true };
const bodyBroken: Attempt = { ...headBroken, headReceived: true };
const unconnected: Attempt = { ...attempt, connected: false, underway: false };

test.each<[string, ClientErrorCode, Attempt, string]>([
  ['without a connection', 'unreachable', unconnected, 'elsewhere'],
  ['unsendable', 'unsendable', unconnected, 'header_invalid'],
  ['on a new connection', 'closed', attempt, 'upstream_failed'],
  ['on a new connection', 'broken', attempt, 'upstream_failed'],
  ['on a new connection', 'response_invalid', attempt, 'upstream_response_invalid'],
  ['on a new connection', 'head_too_large', attempt, 'upstream_response_invalid'],
  ['on a kept connection', 'closed', onKept, 'again'],
  ['on a kept connection, second time', 'closed', { ...onKept, retried: true }, 'upstream_failed'],
  ['a POST on a kept connection', 'closed', post, 'upstream_failed'],
  ['a POST before any byte was written', 'closed', { ...post, underway: false }, 'again'],
  ['in the head of the response', 'closed', headBroken, 'upstream_response_invalid'],
  ['in the head of the response', 'broken', headBroken, 'upstream_response_invalid'],
  ['in the body of the response', 'closed', bodyBroken, 'upstream_failed'],
])('%s, %s: %s', (_, code, failed, next) => {
  expect(afterFailure(new ClientError(code), failed)).toBe(next);
});
