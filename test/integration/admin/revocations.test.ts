/** Revoking through the admin port: authorization, input, and responses. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import type { RevocationSources } from '../../../src/admin/revocations.ts';
import { expectProblem, noReplays, startAdmin } from './running-admin.ts';

const token = 'operators-0123456789abcdef0123456789';
const key = Buffer.alloc(32, 1);
const secret = `whsec_${key.toString('base64')}`;
const nowMs = 1_800_000_000_000;
const operator = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

function sources(part: Partial<RevocationSources> = {}): RevocationSources {
  return {
    revoke: async () => 'delivered',
    replays: noReplays,
    sourcesAlike: (name) => (name === 'nowhere' ? [] : [name]),
    webhookSecrets: () => [secret],
    now: () => nowMs,
    ...part,
  };
}

function signed(body: string, part: Record<string, string> = {}) {
  const timestamp = String(nowMs / 1000);
  const signature = createHmac('sha256', key).update(`m1.${timestamp}.${body}`).digest('base64');
  const headers = { 'webhook-id': 'm1', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
  return { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers, ...part } };
}

const post = (body: string, headers: Record<string, string> = operator) => ({ method: 'POST', body, headers });

test('responds 202 once every replica is notified', async () => {
  const revoke = vi.fn<RevocationSources['revoke']>(async () => 'delivered');
  const { ask } = await startAdmin({ token: () => token, revocations: sources({ revoke }) });
  const answer = await ask('/revocations', post('{"sessionID":"s1"}'));
  expect([answer.status, JSON.parse(answer.text)]).toEqual([202, { message: 'revoked' }]);
  expect(revoke.mock.calls).toEqual([[{ kind: 'session', id: 's1' }, 'admin', expect.any(String)]]);
});

test('responds 503 with its own reason if other replicas could not be notified', async () => {
  const { ask } = await startAdmin({ token: () => token, revocations: sources({ revoke: async () => 'undelivered' }) });
  const answer = await ask('/revocations', post('{"userID":"u1"}'));
  expectProblem(answer, 503, 'revocation_undelivered');
  expect(answer.headers.get('retry-after')).toBe('1');
});

test('a failure is logged also if its caller has left', async () => {
  const [begun, left, logged] = Array.from({ length: 3 }, () => Promise.withResolvers<unknown>());
  const revoke = async () => {
    begun!.resolve(null);
    await left!.promise;
    return 'undelivered' as const;
  };
  const { ask, port } = await startAdmin({
    token: () => token,
    revocations: sources({ revoke }),
    refused: ({ reason, endpoint }) => logged!.resolve([reason, endpoint]),
  });
  const socket = connect(port, '127.0.0.1');
  const body = '{"userID":"u1"}';
  const fields = Object.entries({ ...operator, host: 'localhost', 'content-length': body.length });
  socket.write(
    `POST /revocations HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  );
  await begun!.promise;
  socket.destroy();
  await once(socket, 'close');
  // The port has seen that by now.
  for (const _ of [1, 2, 3]) expect((await ask('/health/live')).status).toBe(200);
  left!.resolve(null);
  expect(await logged!.promise).toEqual(['revocation_undelivered', '/revocations']);
});

test.each([
  ['without the token', post('{"userID":"u1"}', { 'content-type': 'application/json' }), 401, 'credential_missing'],
  [
    'with another token',
    post('{"userID":"u1"}', { ...operator, authorization: 'Bearer x' }),
    401,
    'credential_rejected',
  ],
  ['as a form', post('userID=u1', { ...operator, 'content-type': 'text/plain' }), 415, 'content_type_unsupported'],
  ['from another site', post('{"userID":"u1"}', { ...operator, origin: 'http://evil.test' }), 403, 'origin_forbidden'],
  ['with another method', { method: 'PUT', headers: operator, body: '{"userID":"u1"}' }, 405, 'method_not_allowed'],
  ['that is too long', post(`{"userID":"${'x'.repeat(70_000)}"}`), 413, 'body_too_large'],
  ['that specifies two', post('{"userID":"u1","keyID":"k1"}'), 400, 'revocation_invalid'],
] as const)('a revocation %s is refused', async (_name, init, status, code) => {
  const revoke = vi.fn<RevocationSources['revoke']>();
  const { ask } = await startAdmin({ token: () => token, revocations: sources({ revoke }) });
  expectProblem(await ask('/revocations', init), status, code);
  expect(revoke).not.toHaveBeenCalled();
});

test('without a configured token, only webhooks revoke', async () => {
  const { ask } = await startAdmin({ revocations: sources() });
  expectProblem(await ask('/revocations', post('{"userID":"u1"}')), 403, 'changes_disabled');
  expect((await ask('/webhooks/revocations', signed('{"userID":"u1"}'))).status).toBe(202);
});

test('a webhook needs no token, and accepts ids only', async () => {
  const revoke = vi.fn<RevocationSources['revoke']>(async () => 'delivered');
  const { ask } = await startAdmin({ token: () => token, revocations: sources({ revoke }) });
  expect((await ask('/webhooks/revocations', signed('{"keyID":"k1"}'))).status).toBe(202);
  expect(revoke.mock.calls).toEqual([[{ kind: 'keyPair', id: 'k1' }, 'webhook', null]]);
  const answer = await ask('/webhooks/revocations', signed('{"bearer":"abc"}'));
  expectProblem(answer, 400, 'revocation_invalid');
  expect(JSON.parse(answer.text).detail).toBe(
    'the only keys are sessionID, keyID, userID, tokenID, source, issuedBefore',
  );
});

test.each([
  ['no signature', post('{"userID":"u1"}', { 'content-type': 'application/json' })],
  ['the token instead of a signature', post('{"userID":"u1"}')],
  ['the signature of another body', { ...signed('{"userID":"u1"}'), body: '{"userID":"u2"}' }],
  ['the signature of another time', signed('{"userID":"u1"}', { 'webhook-timestamp': '1799999999' })],
])('a webhook with %s is refused', async (_name, init) => {
  const revoke = vi.fn<RevocationSources['revoke']>();
  const { ask } = await startAdmin({ token: () => token, revocations: sources({ revoke }) });
  expectProblem(await ask('/webhooks/revocations', init), 401, 'webhook_signature_invalid');
  expect(revoke).not.toHaveBeenCalled();
});

test('without a secret there are no webhooks', async () => {
  const { ask } = await startAdmin({ token: () => token, revocations: sources({ webhookSecrets: () => [] }) });
  expectProblem(await ask('/webhooks/revocations', signed('{"userID":"u1"}')), 404, 'route_not_found');
});

test('accepts a bounded number at once', async () => {
  const gate = Promise.withResolvers<'delivered'>();
  const revoke = vi.fn<RevocationSources['revoke']>(() => gate.promise);
  const { ask } = await startAdmin({ token: () => token, revocations: sources({ revoke }) });
  const waiting = Array.from({ length: 64 }, () => ask('/revocations', post('{"userID":"u1"}')));
  await vi.waitFor(() => expect(revoke).toHaveBeenCalledTimes(64), { timeout: 10_000 });
  expectProblem(await ask('/revocations', post('{"userID":"u1"}')), 503, 'overloaded');
  gate.resolve('delivered');
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(64).fill(202));
});
