/** The Auth API's client with servers that respond correctly and incorrectly. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Credential } from '../../../src/core/credential/credential.ts';
import type { Unresolved } from '../../../src/core/identity/identity.ts';
import { type AuthApiMood, brokenMoods } from '../../support/fake-auth-api.ts';
import type { Misbehavior } from '../../support/misbehaving-server.ts';
import { bearer, keyPair } from '../../unit/identity/samples.ts';
import { client, fakeAuthApi, misbehaving, valuesOf } from './asked-auth-api.ts';

describe('a working Auth API', () => {
  it('is called for a bearer', async () => {
    const api = await fakeAuthApi();
    const beforeMs = Date.now();
    const asking = client(api.url);
    const verdict = await asking.check(bearer());
    expect(verdict.identity).toMatchObject({ kind: 'bearer', roles: ['user'], groups: ['public'], alias: 'ana' });
    expect(verdict.askedAtMs).toBeGreaterThanOrEqual(beforeMs);
    expect(api.calls).toEqual({ session: 1, keypair: 0, other: 0 });
    expect(valuesOf(api.received[0] ?? [], 'authorization')).toEqual([`Bearer ${bearer().token}`]);
    expect(asking.events.lines).toEqual(['call bearer accepted']);
  });

  it('is called for a key pair, with the configured headers', async () => {
    const api = await fakeAuthApi();
    expect((await client(api.url).check(keyPair())).identity).toMatchObject({
      kind: 'keyPair',
      fullName: 'Ana Example',
    });
    expect(api.calls).toEqual({ session: 0, keypair: 1, other: 0 });
    await client(api.url, { headers: { apiKey: 'x-key', apiSecret: 'x-secret' } }).check(keyPair());
    expect(valuesOf(api.received[1] ?? [], 'x-key')).toEqual([keyPair().apiKey]);
    expect(valuesOf(api.received[1] ?? [], 'x-secret')).toEqual([keyPair().apiSecret]);
    expect(valuesOf(api.received[1] ?? [], 'authorization')).toEqual([]);
  });

  it.each<[string, Credential]>([
    ['an unknown bearer', bearer('unknown')],
    ['a wrong secret', keyPair(keyPair().apiKey, 'wrong')],
    ['an unknown key', keyPair('unknown', keyPair().apiSecret)],
  ])('rejects %s', async (_, credential) => {
    const api = await fakeAuthApi();
    expect(await client(api.url).check(credential)).toMatchObject({ identity: null, reason: 'credential_rejected' });
  });

  it.each<[string, object, string]>([
    ['is not verified', { verified: false }, 'credential_rejected'],
    ['has expired', { expireAt: Math.floor(Date.now() / 1000) - 1 }, 'credential_rejected'],
    ['has a group with a comma', { groups: ['a,b'] }, 'auth_response_invalid'],
  ])('is not trusted when a session %s', async (_, changes, reason) => {
    const api = await fakeAuthApi();
    api.addSession('special', changes);
    expect(await client(api.url).check(bearer('special'))).toMatchObject({ identity: null, reason });
  });
});

describe('a failure of the Auth API is neither an acceptance nor a rejection', () => {
  it.each<[string, AuthApiMood, Unresolved['reason']]>([
    ['truncated JSON', brokenMoods.garbage, 'auth_response_invalid'],
    ['HTML with 200', brokenMoods.html, 'auth_response_invalid'],
    ['an empty body with 200', brokenMoods.empty, 'auth_response_invalid'],
    ['a huge body', brokenMoods.huge, 'auth_response_invalid'],
    ['500', brokenMoods.error, 'auth_unavailable'],
    ['404', { kind: 'answers', status: 404 }, 'auth_unavailable'],
    ['403', { kind: 'answers', status: 403 }, 'auth_unavailable'],
    ['a huge 401', { kind: 'answers', status: 401, body: 'x'.repeat(100_000) }, 'auth_response_invalid'],
  ])('%s', async (_, mood, reason) => {
    const api = await fakeAuthApi();
    await api.behave(mood);
    const asking = client(api.url);
    expect(await asking.check(bearer())).toMatchObject({ identity: null, reason });
    expect(asking.events.lines).toEqual([`call bearer ${reason}`]);
  });

  it.each([301, 302, 303, 307, 308])('a redirect (%i), which is not followed', async (status) => {
    const [api, elsewhere] = [await fakeAuthApi(), await fakeAuthApi()];
    await api.behave({ kind: 'answers', status, headers: { location: `${elsewhere.url}/session` } });
    expect(await client(api.url).check(bearer())).toMatchObject({ identity: null, reason: 'auth_unavailable' });
    expect([api.received.length, elsewhere.received.length]).toEqual([1, 0]);
  });

  it('429, with its Retry-After', async () => {
    const api = await fakeAuthApi();
    await api.behave({ kind: 'answers', status: 429, headers: { 'retry-after': '9' } });
    const verdict = await client(api.url).check(bearer());
    expect(verdict).toMatchObject({ identity: null, reason: 'auth_throttled', retryAfterS: 9 });
  });

  it('a closed port', async () => {
    const api = await fakeAuthApi();
    await api.behave({ kind: 'down' });
    expect(await client(api.url).check(bearer())).toMatchObject({ identity: null, reason: 'auth_unavailable' });
  });

  const json = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
  it.each<[string, Misbehavior, Unresolved['reason']]>([
    ['a reset on connecting', { kind: 'resets', at: 'connect' }, 'auth_unavailable'],
    ['a reset after the request', { kind: 'resets', at: 'request' }, 'auth_unavailable'],
    ['a hang-up', { kind: 'hangs-up' }, 'auth_unavailable'],
    [
      'half a body, then the end',
      { kind: 'half-body', promisedBytes: 100, sentBytes: 5, afterwards: 'end' },
      'auth_unavailable',
    ],
    [
      'half a body, then a reset',
      { kind: 'half-body', promisedBytes: 100, sentBytes: 5, afterwards: 'reset' },
      'auth_unavailable',
    ],
    ['bytes that are not HTTP', { kind: 'writes', bytes: 'SSH-2.0-OpenSSH_9.9\r\n\r\n' }, 'auth_response_invalid'],
    [
      'an invalid chunk',
      { kind: 'writes', bytes: `${json}transfer-encoding: chunked\r\n\r\nzz\r\n` },
      'auth_response_invalid',
    ],
    [
      'two lengths',
      { kind: 'writes', bytes: `${json}content-length: 2\r\ncontent-length: 3\r\n\r\n{}` },
      'auth_response_invalid',
    ],
    [
      'headers without an end',
      { kind: 'writes', bytes: `${json}x: ${'y'.repeat(100_000)}\r\n\r\n` },
      'auth_response_invalid',
    ],
    [
      'a body truncated by the end of the connection',
      { kind: 'writes', bytes: `${json}\r\n{"userID":"u","roles":["admin"],`, afterwards: 'end' },
      'auth_response_invalid',
    ],
  ])('%s', async (_, behavior, reason) => {
    const server = await misbehaving(behavior);
    expect(await client(server.origin).check(bearer())).toMatchObject({ identity: null, reason });
  });

  it.each<[string, Misbehavior]>([
    ['silence', { kind: 'never-answers' }],
    ['a body that stalls', { kind: 'half-body', promisedBytes: 100, sentBytes: 5, afterwards: 'stall' }],
    ['headers that stall', { kind: 'writes', bytes: 'HTTP/1.1 200 OK\r\ncontent-type: applic' }],
    ['only an interim response', { kind: 'writes', bytes: 'HTTP/1.1 103 Early Hints\r\n\r\n' }],
    ['a response that comes too late', { kind: 'delays', delayMs: 60_000 }],
  ])('%s ends at the deadline, with the connection', async (_, behavior) => {
    const server = await misbehaving(behavior);
    expect(await client(server.origin, { timeoutMs: 60 }).check(bearer())).toMatchObject({ reason: 'auth_timeout' });
    await vi.waitFor(() => expect(server.open()).toBe(0));
  });

  it('a trickling body: the deadline covers the whole exchange, not the gaps', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(timer));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(async () => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await client(url, { timeoutMs: 80 }).check(bearer())).toMatchObject({ reason: 'auth_timeout' });
  });

  it('a credential that no request can carry causes no failure, and is not sent', async () => {
    const api = await fakeAuthApi();
    const smuggled = bearer('x\r\nauthorization: Bearer y');
    expect(await client(api.url).check(smuggled)).toMatchObject({ identity: null, reason: 'auth_unavailable' });
    expect(api.received).toEqual([]);
  });
});

describe('a truncated response', () => {
  it('is not retried: only an idle connection explains a failure before the response began', async () => {
    const server = await misbehaving({ kind: 'half-body', promisedBytes: 100, sentBytes: 5, afterwards: 'reset' });
    await client(server.origin).check(bearer());
    expect(server.received.length).toBe(1);
  });
});

describe('a connection that the Auth API closed while idle', () => {
  it('costs one retry and no refusal', async () => {
    const api = await fakeAuthApi();
    let requests = 0;
    const server = createServer((request, response) => {
      requests += 1;
      if (requests === 2) request.socket.resetAndDestroy();
      else response.writeHead(401).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(async () => void server.close());
    const asking = client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await asking.check(bearer('first'));
    expect(await asking.check(bearer('second'))).toMatchObject({ reason: 'credential_rejected' });
    expect([requests, api.received.length]).toEqual([3, 0]);
  });
});
