/**
 * Responses of the Auth API that look valid but are not: wrong types, a redirect, broken connections. Each is an
 * outage, neither an identity nor a bad credential.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type AuthApiMood, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type Misbehavior, startMisbehavingServer } from '../../support/misbehaving-server.ts';
import { bearer, but, identity, kinds, type OutageWorld, says, startOutageWorld } from './outage-world.ts';

const wrongTypes: [string, AuthApiMood][] = [
  ['null', says(200, 'null')],
  ['a list', says(200, [identity])],
  ['a text', says(200, '"verified"')],
  ['an empty object', says(200, {})],
  ['a response with trailing text', says(200, `${JSON.stringify(identity)}{}`)],
  ['a response of inherited fields', says(200, `{"__proto__":${JSON.stringify(identity)}}`)],
  ['no user', but({ userID: undefined })],
  ['a user that is a number', but({ userID: 7 })],
  ['an empty user', but({ userID: '' })],
  ['a user with a header injection', but({ userID: 'ann\r\nuser-id: root' })],
  ['a user with a NUL', but({ userID: 'ann\u0000' })],
  ['no roles', but({ roles: undefined })],
  ['roles as text', but({ roles: 'user' })],
  ['roles as an object', but({ roles: { 0: 'user', length: 1 } })],
  ['a role that is a number', but({ roles: ['user', 1] })],
  ['a role that is null', but({ roles: ['user', null] })],
  ['roles in a nested list', but({ roles: [['user']] })],
  ['groups as text', but({ groups: 'public' })],
  ['a group that is an object', but({ groups: [{}] })],
  ['a group with a header injection', but({ groups: ['a\r\nuser-id: root'] })],
  ['verified as a text', but({ verified: 'true' })],
  ['verified as a number', but({ verified: 1 })],
  ['no verified', but({ verified: undefined })],
  ['an expiry as text', but({ expireAt: '2999-01-01' })],
  ['a null expiry', but({ expireAt: null })],
  ['no expiry', but({ expireAt: undefined })],
];

describe.each(kinds)('%s', (_kind, credential) => {
  let world: OutageWorld;
  beforeAll(async () => {
    world = await startOutageWorld({
      breaker: '{ failures: 10000, open: 1s }',
      cache: '{ accepted: 0s }',
      timeout: '5s',
    });
  });
  afterAll(() => world.close());

  const calls = () => world.authApi.calls.session + world.authApi.calls.keypair;

  it.each(wrongTypes)('the Auth API returns %s', async (_name, mood) => {
    await world.authApi.behave(mood);
    const before = calls();
    expect(await world.expectOutage(await world.get('/orders/7', credential), 'order')).toBe('auth_response_invalid');
    await world.expectOutage(await world.get('/greeting', credential), 'greeting');
    expect(calls() - before).toBe(2);
    expect(world.upstream.connections).toHaveLength(0);
  });

  it.each([301, 302, 303, 307, 308])(
    'a redirect (%i) to a server that would accept: it is not called',
    async (status) => {
      const yes = await startFakeAuthApi();
      onTestFinished(yes.close);
      await yes.behave(but({}));
      const kind = credential === bearer ? 'session' : 'keypair';
      await world.authApi.behave(says(status, identity, { location: `${yes.url}/${kind}` }));
      expect(await world.expectOutage(await world.get('/orders/7', credential), 'order')).toBe('auth_unavailable');
      expect(yes.calls).toEqual({ session: 0, keypair: 0, other: 0 });
      expect(world.upstream.connections).toHaveLength(0);
    },
  );

  it('the log has all of them by their ids', () => world.expectLogged());

  it('control: the valid response behind the invalid ones allows access', async () => {
    await world.authApi.behave(but({}));
    expect((await world.get('/orders/7', credential)).status).toBe(200);
    expect(world.upstream.last().header('user-id')).toEqual([identity.userID]);
  });

  const breaks: [string, Misbehavior][] = [
    ['never answers', { kind: 'never-answers' }],
    ['resets connections', { kind: 'resets', at: 'connect' }],
    ['resets requests', { kind: 'resets', at: 'request' }],
    ['hangs up', { kind: 'hangs-up' }],
    ['responds with something other than HTTP', { kind: 'writes', bytes: 'SSH-2.0-OpenSSH_9.9\r\n\r\n' }],
    ['stalls in its response', { kind: 'half-body', sentBytes: 3, promisedBytes: 10, afterwards: 'stall' }],
    ['stalls in its headers', { kind: 'writes', bytes: 'HTTP/1.1 200 OK\r\ncontent-type: appl' }],
    ['ends the connection within a valid response', { kind: 'writes', bytes: cutAnswer(), afterwards: 'end' }],
    ['resets the connection within a valid response', { kind: 'writes', bytes: cutAnswer(), afterwards: 'reset' }],
    ['responds too late', { kind: 'delays', delayMs: 1_000, body: JSON.stringify(identity) }],
  ];
  it.each(breaks)('the Auth API %s', async (name, behavior) => {
    const broken = await startMisbehavingServer(behavior);
    onTestFinished(broken.close);
    const tooSlow = /never|stalls|late/.test(name);
    const its = await startOutageWorld({ authApi: broken.origin, timeout: tooSlow ? '150ms' : '5s' });
    onTestFinished(its.close);
    const reason = await its.expectOutage(await its.get('/orders/7', credential), 'order');
    if (tooSlow) expect(reason).toBe('auth_timeout');
    expect(its.upstream.connections).toHaveLength(0);
    expect((await its.get('/open', credential)).status).toBe(200);
    await its.expectLogged();
  });
});

/** A complete identity with an announced length of one more byte. */
function cutAnswer(): string {
  const body = JSON.stringify(identity);
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length + 1}\r\n\r\n${body}`;
}
