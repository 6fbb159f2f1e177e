import { request } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { brokenMoods, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { readAnswer } from '../../support/http-response.ts';
import { startMisbehavingServer } from '../../support/misbehaving-server.ts';
import { openRaw, sendRaw, sendRawUntilClose } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';

test('the recording upstream keeps method, target, headers in order and the body', async () => {
  const upstream = await startRecordingUpstream({
    answer: () => ({ status: 201, rawHeaders: ['X-A', '1', 'x-a', '2'], body: 'made' }),
  });
  onTestFinished(() => upstream.close());
  const bytes = 'POST /a%2Fb?c HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 4\r\n\r\nbody';
  const answer = await sendRaw(upstream.port, bytes);
  expect(answer).toMatchObject({ status: 201, complete: true });
  expect(answer.headers('x-a')).toEqual(['1', '2']);
  expect(answer.text()).toBe('made');
  expect(upstream.last()).toMatchObject({ method: 'POST', target: '/a%2Fb?c', complete: true, aborted: false });
  expect(upstream.last().rawHeaders.slice(0, 6)).toEqual(['Host', 'h', 'X-One', '1', 'x-one', '2']);
  expect(upstream.last().body.toString()).toBe('body');
  expect(upstream.connections[0]?.toString()).toBe(bytes);
});

test('the recording upstream shows a request hidden after an unframed body', async () => {
  const upstream = await startRecordingUpstream();
  onTestFinished(() => upstream.close());
  const hidden = 'DELETE /hidden HTTP/1.1\r\nHost: h\r\n\r\n';
  await sendRaw(upstream.port, `GET / HTTP/1.1\r\nHost: h\r\n\r\n${hidden}`);
  await vi.waitFor(() => expect(upstream.requests.map(({ target }) => target)).toEqual(['/', '/hidden']));
});

test('the recording upstream notices a client that disconnects', async () => {
  const upstream = await startRecordingUpstream();
  onTestFinished(() => upstream.close());
  const client = await openRaw(upstream.port);
  client.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf');
  await vi.waitFor(() => expect(upstream.last().body.toString()).toBe('half'));
  client.destroy();
  await vi.waitFor(() => expect(upstream.last()).toMatchObject({ aborted: true, complete: false }));
});

test.each([
  ['resets on connect', { kind: 'resets', at: 'connect' }],
  ['resets on request', { kind: 'resets', at: 'request' }],
  ['hangs up', { kind: 'hangs-up' }],
] as const)('a misbehaving server that %s gives no response', async (_, behavior) => {
  const server = await startMisbehavingServer(behavior);
  onTestFinished(() => server.close());
  await expect(sendRaw(server.port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n')).rejects.toThrow(/Closed|ECONNRESET/);
});

test.each([
  ['a short length', { kind: 'half-body', sentBytes: 3, promisedBytes: 10, afterwards: 'end' }],
  ['chunks without an end', { kind: 'half-body', sentBytes: 3, afterwards: 'reset' }],
] as const)('a misbehaving server truncates its response: %s', async (_, behavior) => {
  const server = await startMisbehavingServer(behavior);
  onTestFinished(() => server.close());
  const { answers } = await sendRawUntilClose(server.port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  expect(answers).toHaveLength(1);
  expect(answers[0]).toMatchObject({ status: 200, complete: false });
  expect(answers[0]?.text()).toBe('xxx');
});

test('reads responses one after another from one stream', () => {
  const bytes = Buffer.from(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;ext\r\nab\r\n0\r\nX-T: 1\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  );
  const first = readAnswer(bytes, 'GET', false);
  expect(first?.answer).toMatchObject({ status: 200, complete: true, rawTrailers: ['X-T', '1'] });
  expect(first?.answer.text()).toBe('ab');
  const second = readAnswer(bytes.subarray(first?.length), 'GET', false);
  expect(second?.answer).toMatchObject({ status: 204, complete: true });
  expect(() => readAnswer(Buffer.from('garbage\r\n\r\n'), 'GET', false)).toThrow('Not an HTTP answer');
});

test('the fake Auth API accepts its credentials and counts calls', async () => {
  const authApi = await startFakeAuthApi();
  onTestFinished(() => authApi.close());
  authApi.addSession('token', { roles: ['admin'] });
  authApi.addKeyPair('key', 'secret');
  const session = await fetch(`${authApi.url}/session`, { headers: { authorization: 'Bearer token' } });
  expect(await session.json()).toMatchObject({ roles: ['admin'], verified: true });
  const pair = await fetch(`${authApi.url}/keypair`, { headers: { 'api-key': 'key', 'api-secret': 'secret' } });
  expect(await pair.json()).toMatchObject({ apiKey: 'key', userAlias: 'ana' });
  const wrong = await fetch(`${authApi.url}/keypair`, { headers: { 'api-key': 'key', 'api-secret': 'other' } });
  expect(wrong.status).toBe(401);
  expect(authApi.calls).toEqual({ session: 1, keypair: 2, other: 0 });
});

test('the fake Auth API can be slow, broken, down and repaired', async () => {
  const authApi = await startFakeAuthApi();
  onTestFinished(() => authApi.close());
  authApi.addSession('token');
  const ask = () => statusOf(authApi.port);

  await authApi.behave({ kind: 'slow' });
  const slow = ask();
  await vi.waitFor(() => expect(authApi.waiting()).toBe(1));
  await authApi.behave(brokenMoods.error);
  expect(await slow).toBe(500);
  await authApi.behave({ kind: 'down' });
  await expect(ask()).rejects.toThrow('ECONNREFUSED');
  await authApi.behave({ kind: 'fine' });
  expect(await ask()).toBe(200);
});

function statusOf(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ port, path: '/api/auth/v2/session', headers: { authorization: 'Bearer token' }, agent: false })
      .on('response', (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
}
