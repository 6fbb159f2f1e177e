/**
 * Event tokens from issuers: which are accepted and which are not; each row has a control that differs in one respect.
 */
import { expect, test } from 'vitest';
import { makeKey, nowS } from '../../support/token-issuer.ts';
import { type Claims, caep, logoutEvent, startTokenWorld, type TokenWorld } from './token-world.ts';

const minute = 60;

test('a logout token ends the tokens of its session, and no others', async () => {
  const world = await startTokenWorld();
  const gateway = await world.gateway();
  const [ended, other] = [await world.issuer.token(), await world.issuer.token({ sid: 'session-2', jti: 'token-2' })];
  expect([await gateway.status(ended), await gateway.status(other)]).toEqual([200, 200]);
  const response = await gateway.logout(await world.logoutToken());
  expect([response.status, response.headers.get('cache-control'), await response.text()]).toEqual([
    200,
    'no-store',
    '',
  ]);
  expect([await gateway.status(ended), await gateway.status(other)]).toEqual([401, 200]);
  // Never seen here before.
  expect(await gateway.status(await world.issuer.token({ jti: 'token-3' }))).toBe(401);
  expect(await gateway.metricsText()).toContain(
    'rolegate_event_tokens_total{kind="logout",source="issuer",outcome="revoked"} 1',
  );
});

test('a logout token without a session ends the tokens issued to its user until then', async () => {
  const world = await startTokenWorld();
  const gateway = await world.gateway();
  const at = nowS() - minute;
  const [before, after, other] = [
    await world.issuer.token({ iat: at }),
    await world.issuer.token({ iat: at + 1 }),
    await world.issuer.token({ iat: at, sub: 'bob' }),
  ];
  const token = await world.logoutToken({ sid: undefined, sub: 'ann', iat: at });
  expect((await gateway.logout(token)).status).toBe(200);
  expect([await gateway.status(before), await gateway.status(after), await gateway.status(other)]).toEqual([
    401, 200, 200,
  ]);
});

test.each([
  ['session', 200],
  ['user', 401],
])('a logout token with both ends the %s', async (ends, status) => {
  const world = await startTokenWorld();
  const gateway = await world.gateway({ ends });
  // Before the logout, because the user may sign in again in the next second.
  const [same, other] = [await world.issuer.token(), await world.issuer.token({ sid: 'session-2' })];
  expect((await gateway.logout(await world.logoutToken({ sub: 'ann' }))).status).toBe(200);
  expect(await gateway.status(other)).toBe(status);
  expect(await gateway.status(same)).toBe(401);
});

type Make = (world: TokenWorld) => Promise<string>;
const logout =
  (claims: Claims, header: object = {}): Make =>
  (world) =>
    world.logoutToken(claims, header);
const event =
  (claims: Claims, header: object = {}): Make =>
  (world) =>
    world.eventToken(claims, header);
const tampered = (token: string) => `${token.slice(0, -8)}AAAAAAAA`;

/** Control of each row: the valid token that it is made from, which the test sends last. */
const refusedLogouts: readonly [name: string, make: Make][] = [
  ['that is not a token', async () => 'none'],
  ['signed by another key', async (world) => world.logoutToken({}, {}, await makeKey('first'))],
  ['with an unknown key id', logout({}, { kid: 'unknown' })],
  ['with another signature', async (world) => tampered(await world.logoutToken())],
  ['without a signature', async (world) => `${(await world.logoutToken()).split('.').slice(0, 2).join('.')}.`],
  ['from another issuer', logout({ iss: 'https://evil.example.test' })],
  ['for another audience', logout({ aud: 'orders' })],
  ['without an audience', logout({ aud: undefined })],
  ['that was issued too long ago', logout({ iat: nowS() - 10 * minute })],
  ['that was issued in the future', logout({ iat: nowS() + 5 * minute, exp: nowS() + 10 * minute })],
  ['that has expired', logout({ iat: nowS() - 3 * minute, exp: nowS() - 2 * minute })],
  ['without "iat"', logout({ iat: undefined })],
  ['without "exp"', logout({ exp: undefined })],
  ['without "jti"', logout({ jti: undefined })],
  ['without "events"', logout({ events: undefined })],
  ['with another event', logout({ events: { [`${caep}session-revoked`]: {} } })],
  ['whose event is not an object', logout({ events: { [logoutEvent]: true } })],
  ['whose events are a list', logout({ events: [logoutEvent] })],
  ['with a "nonce"', logout({ nonce: 'n' })],
  ['without a session or a user', logout({ sid: undefined })],
  ['with an invalid session id', logout({ sid: 'a b' })],
  ['with an invalid user id', logout({ sub: 'ä' })],
  ['that is an access token', async (world) => world.issuer.token({ aud: 'web' })],
  ['with the type of another token', logout({}, { typ: 'at+jwt' })],
  ['that is a security event', async (world) => world.eventToken({ aud: 'web' })],
];

test('forged, late and unsuitable logout tokens are refused, and nothing is revoked', async () => {
  const world = await startTokenWorld();
  const gateway = await world.gateway();
  const token = await world.issuer.token();
  const answers: unknown[] = [];
  for (const [name, make] of refusedLogouts) {
    const response = await gateway.logout(await make(world));
    const { error } = (await response.json()) as { error: string };
    answers.push([name, response.status, response.headers.get('cache-control'), error, await gateway.status(token)]);
  }
  expect(answers).toEqual(refusedLogouts.map(([name]) => [name, 400, 'no-store', 'invalid_request', 200]));
  expect((await gateway.logout(await world.logoutToken())).status).toBe(200);
  expect(await gateway.status(token)).toBe(401);
});

const refusedEvents: readonly [name: string, make: Make, err?: string][] = [
  ['that is not a token', async () => 'none'],
  ['signed by another key', async (world) => world.eventToken({}, {}, await makeKey('first')), 'invalid_key'],
  ['with another signature', async (world) => tampered(await world.eventToken()), 'invalid_key'],
  ['from another issuer', event({ iss: 'https://evil.example.test' }), 'invalid_issuer'],
  ['for another audience', event({ aud: 'web' }), 'invalid_audience'],
  ['that was issued too long ago', event({ iat: nowS() - 90 * minute })],
  ['without "iat"', event({ iat: undefined })],
  ['without "jti"', event({ jti: undefined })],
  ['without "events"', event({ events: undefined })],
  ['without a type', event({}, { typ: undefined })],
  ['that is a logout token', async (world) => world.logoutToken({ aud: 'receiver' })],
  ['that is an access token', async (world) => world.issuer.token({ aud: 'receiver' })],
  ['whose subject is an e-mail address', event({ sub_id: { format: 'email', email: 'ann@example.test' } })],
  [
    'whose subject belongs to another issuer',
    event({ sub_id: { format: 'iss_sub', iss: 'https://x.test', sub: 'ann' } }),
  ],
  ['without a subject', event({ sub_id: undefined })],
];

test('forged, late and unsuitable security events are refused, and nothing is revoked', async () => {
  const world = await startTokenWorld();
  const gateway = await world.gateway();
  const token = await world.issuer.token();
  const answers: unknown[] = [];
  for (const [name, make] of refusedEvents) {
    const response = await gateway.securityEvent(await make(world));
    const { err } = (await response.json()) as { err: string };
    answers.push([name, response.status, response.headers.get('content-type'), err, await gateway.status(token)]);
  }
  expect(answers).toEqual(
    refusedEvents.map(([name, , err = 'invalid_request']) => [name, 400, 'application/json', err, 200]),
  );
  expect((await gateway.securityEvent(await world.eventToken())).status).toBe(202);
  expect(await gateway.status(token)).toBe(401);
});

const at = nowS() - minute;
const before = { iat: at - 1 };
const after = { iat: at + 1 };

test.each<[name: string, claims: Claims, refused: Claims, good: Claims]>([
  ['a session by its id', {}, {}, { sid: 'session-2' }],
  ["a user's tokens up to the time of the event", userEvent({ format: 'iss_sub' }), before, after],
  ['a session in a complex subject', { sub_id: complex('session') }, {}, { sid: 'session-2' }],
  [
    'a user in a complex subject',
    { sub_id: complex('user'), events: { [`${caep}session-revoked`]: { event_timestamp: at } } },
    before,
    after,
  ],
  [
    'a changed credential',
    {
      sub_id: { format: 'opaque', id: 'ann' },
      events: { [`${caep}credential-change`]: { event_timestamp: at, change_type: 'update' } },
    },
    before,
    after,
  ],
  [
    'a subject in the form of an earlier draft, with milliseconds',
    {
      sub_id: undefined,
      events: {
        [`${caep}session-revoked`]: { subject: { format: 'opaque', id: 'session-1' }, event_timestamp: at * 1000 },
      },
    },
    {},
    { sid: 'session-2' },
  ],
])('a security event ends %s', async (_name, claims, refused, good) => {
  const world = await startTokenWorld();
  const gateway = await world.gateway();
  const iss = world.issuer.issuer;
  const named = JSON.parse(JSON.stringify(claims).replaceAll('<issuer>', iss)) as Claims;
  const sent = 'sub_id' in claims && claims['sub_id'] === undefined ? { ...named, sub_id: undefined } : named;
  expect((await gateway.securityEvent(await world.eventToken(sent))).status).toBe(202);
  expect(await gateway.status(await world.issuer.token({ sid: 'session-1', ...refused }))).toBe(401);
  expect(await gateway.status(await world.issuer.token({ sid: 'session-1', ...good }))).toBe(200);
});

function userEvent(subject: object): Claims {
  return {
    sub_id: { ...subject, iss: '<issuer>', sub: 'ann' },
    events: { [`${caep}session-revoked`]: { event_timestamp: at } },
  };
}

function complex(part: 'session' | 'user'): object {
  const user = { format: 'iss_sub', iss: '<issuer>', sub: 'ann' };
  return part === 'user'
    ? { format: 'complex', user }
    : { format: 'complex', user, session: { format: 'opaque', id: 'session-1' } };
}

test('accepts and ignores an unknown event', async () => {
  const world = await startTokenWorld();
  const gateway = await world.gateway();
  const events = { 'https://schemas.openid.net/secevent/ssf/event-type/verification': { state: 's' } };
  expect((await gateway.securityEvent(await world.eventToken({ events }))).status).toBe(202);
  expect(await gateway.status(await world.issuer.token())).toBe(200);
  expect(await gateway.metricsText()).toContain(
    'rolegate_event_tokens_total{kind="security-event",source="issuer",outcome="ignored"} 1',
  );
});

test('an issuer without configured events cannot send any', async () => {
  const world = await startTokenWorld();
  const other = await startTokenWorld();
  const gateway = await world.gateway();
  const response = await gateway.logout(await other.logoutToken());
  expect([response.status, await response.json()]).toMatchObject([400, { error: 'invalid_request' }]);
});

test('refuses several logout tokens, and another content type', async () => {
  const world = await startTokenWorld();
  const gateway = await world.gateway();
  const token = await world.logoutToken();
  expect((await gateway.logout(`${token}&logout_token=${token}`)).status).toBe(400);
  const headers = { 'content-type': 'application/json' };
  expect((await fetch(`${gateway.admin}/security-events`, { method: 'POST', headers, body: token })).status).toBe(415);
  expect((await gateway.logout(token)).status).toBe(200);
});

test('the log repeats nothing of a refused token', async () => {
  const world = await startTokenWorld();
  const gateway = await world.gateway();
  const junk = tampered(await world.logoutToken({ sid: 'top-secret-session' }));
  expect((await gateway.logout(junk)).status).toBe(400);
  expect(gateway.logText()).toContain('a token about users was refused');
  expect(gateway.logText()).not.toContain('top-secret-session');
});
