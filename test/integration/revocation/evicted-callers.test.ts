/**
 * `evict` of the caller's own ids ends tokens of the same issuer, but not those of another issuer that uses the same id.
 * An id from the path ends results of one source, and one client ends only so many.
 */
import { expect, onTestFinished, test } from 'vitest';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { nowS, startTokenIssuer } from '../../support/token-issuer.ts';

async function startBeside(evict: string) {
  let refusing = false;
  const [one, other, upstream] = await Promise.all([
    startTokenIssuer(),
    startTokenIssuer(),
    startRecordingUpstream({ answer: () => ({ status: refusing ? 500 : 200, body: '' }) }),
  ]);
  onTestFinished(async () => {
    await Promise.all([one.close(), other.close(), upstream.close()]);
  });
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false, trustedProxies: [127.0.0.1] }
log: { level: warn }
sources:
  one: { kind: jwt, issuer: "${one.issuer}", audience: [orders] }
  other: { kind: jwt, issuer: "${other.issuer}", audience: [orders] }
authApi: { url: "${upstream.origin}" }
cache: { secret: "${'s'.repeat(40)}" }
identityHeaders: { user-id: userId, user-source: source }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: own, match: { path: "/own" }, upstream: service, access: authenticated }
  - { id: end, match: { path: "/end/{id}" }, upstream: service, access: authenticated, evict: ${evict} }
  - { id: public, match: { path: "/public/{id}" }, upstream: service, access: public, evict: ${evict.includes('identity') ? '{ session: "{id}" }' : evict} }
`);
  onTestFinished(gateway.close);
  const status = async (token: string, path = '/own') => {
    const response = await fetch(`${gateway.origin}${path}`, { headers: { authorization: `Bearer ${token}` } });
    await response.arrayBuffer();
    return response.status;
  };
  /** As an anonymous client. */
  const end = async (id: string, client: string) => {
    const response = await fetch(`${gateway.origin}/public/${id}`, { headers: { 'x-forwarded-for': client } });
    await response.arrayBuffer();
    return response.status;
  };
  const tokens = await Promise.all([one, other].map((issuer) => issuer.token({ iat: nowS() - 60 })));
  const refuse = (refuses: boolean) => {
    refusing = refuses;
  };
  return { status, end, refuse, tokenOf: one.token, tokens: [tokens[0]!, tokens[1]!] as const };
}

const rows: readonly [what: string, evict: string, id: string, ofMine: 200 | 401, ofOther: 200 | 401][] = [
  ['the user', '{ user: "{identity.userId}" }', 'x', 401, 200],
  ['the session', '{ session: "{identity.sessionId}" }', 'x', 401, 200],
  ['a user specified in the path', '{ user: "{id}" }', 'ann', 200, 200],
  ['a session specified in the path', '{ session: "{id}" }', 'session-1', 200, 200],
  // Controls: only of the source that the route names, in any letter case.
  ['a user of a source', '{ user: "{id}", source: one }', 'ANN', 401, 200],
  ['a session of another source', '{ session: "{id}", source: other }', 'Session-1', 200, 401],
];

test.each(rows)('%s', async (_, evict, id, ofMine, ofOther) => {
  const { status, tokens } = await startBeside(evict);
  const [mine, others] = tokens;
  expect([await status(mine), await status(others)]).toEqual([200, 200]);
  expect(await status(mine, `/end/${id}`)).toBe(200);
  expect([await status(mine), await status(others)]).toEqual([ofMine, ofOther]);
});

test('one client ends fewer tokens of an issuer than results of a source that is called', async () => {
  const { status, end, tokens } = await startBeside('{ session: "{id}", source: one }');
  for (let at = 0; at < 100; at += 1) expect(await end(`made-up-${at}`, '203.0.113.1')).toBe(200);
  expect(await end('session-1', '203.0.113.1')).toBe(429);
  expect(await status(tokens[0])).toBe(200);
  expect(await end('session-1', '203.0.113.2')).toBe(200);
  expect(await status(tokens[0])).toBe(401);
});

test('a user ends its own only so often, and others of the same address are not concerned', async () => {
  const { status, tokenOf } = await startBeside('{ session: "{identity.sessionId}" }');
  const signOut = async (sub: string, sid: string) => status(await tokenOf({ sub, sid }), '/end/x');
  for (let at = 0; at < 100; at += 1) expect(await signOut('ann', `session-${at}`)).toBe(200);
  expect([await signOut('ann', 'last'), await signOut('bob', 'other')]).toEqual([429, 200]);
});

test('calls that the service refuses, or without a credential, do not count for those that end their own', async () => {
  const { status, tokenOf, refuse } = await startBeside('{ session: "{identity.sessionId}" }');
  const signOut = async (sid: string) => status(await tokenOf({ sub: 'ann', sid }), '/end/x');
  refuse(true);
  for (let at = 0; at < 101; at += 1) expect(await signOut(`session-${at}`)).toBe(500);
  refuse(false);
  expect(await signOut('mine')).toBe(200);
});

test('calls without a credential end no token of an issuer, and those of one client are bounded', async () => {
  const { status, end, tokens } = await startBeside('{ session: "{id}" }');
  expect(await end('session-1', '203.0.113.1')).toBe(200);
  expect(await status(tokens[0])).toBe(200);
  const statuses = new Map<number, number>();
  for (let at = 1; at < 1_010; at += 1) {
    const seen = await end(`made-up-${at}`, '203.0.113.1');
    statuses.set(seen, (statuses.get(seen) ?? 0) + 1);
  }
  expect([...statuses]).toEqual([
    [200, 999],
    [429, 10],
  ]);
  expect([await end('s', '203.0.113.2'), await status(tokens[0]), await status(tokens[1])]).toEqual([200, 200, 200]);
});
