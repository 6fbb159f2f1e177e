/**
 * Two issuers that give the same `sub` to different users: services, rules, the log and revocations distinguish them. A partner that
 * chooses its claims gains nothing of the other issuer's users.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { type RecordingUpstream, startRecordingUpstream } from '../../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../../support/running-gateway.ts';
import { nowS, startTokenIssuer, type TokenIssuer } from '../../../support/token-issuer.ts';

const adminToken = 'a-token-for-operators-of-this-test-0123456789';
const operator = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };

let upstream: RecordingUpstream;
let main: TokenIssuer;
let partner: TokenIssuer;
let gateway: RunningGateway;

beforeEach(async () => {
  [upstream, main, partner] = await Promise.all([startRecordingUpstream(), startTokenIssuer(), startTokenIssuer()]);
  onTestFinished(async () => {
    await Promise.all([upstream.close(), main.close(), partner.close()]);
  });
});

interface Settings {
  /** Further keys of the sources. */
  readonly main?: string;
  readonly partner?: string;
  readonly headers?: string;
  readonly more?: string;
  readonly source?: string;
}

const withSource = '{ user-id: userId, user-source: source, roles: roles }';
const plain = '{ user-id: userId, roles: roles }';

function configOf(settings: Settings): string {
  const { main: ofMain = '', partner: ofPartner = '', headers = withSource, more = '', source = '' } = settings;
  return `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: "${adminToken}" }
log: { level: info }
records: { allowedSample: 1 }
sources:
  main: { kind: jwt, issuer: "${main.issuer}", audience: [orders]${ofMain} }
  partner: { kind: jwt, issuer: "${partner.issuer}", audience: [orders]${ofPartner} }
${source}identityHeaders: ${headers}
${more}roles: { admin: {}, ops: { from: { field: groups, equals: operators } } }
upstreams: { orders: { targets: ["${upstream.origin}"] } }
routes:
  - { id: orders, match: { path: /orders }, upstream: orders, access: authenticated }
  - { id: admin, match: { path: /admin }, upstream: orders, access: [admin] }
  - { id: ops, match: { path: /ops }, upstream: orders, access: [ops] }
  - id: own
    match: { path: "/users/{id}" }
    upstream: orders
    access: authenticated
    when:
      - { param: id, equals: identity.userId, reason: not_own }
      - { identity: source, equals: main, reason: other_source }
`;
}

async function start(settings: Settings): Promise<void> {
  gateway = await startGateway(configOf(settings));
  onTestFinished(gateway.close);
}

async function get(token: string, path = '/orders'): Promise<Response> {
  const response = await fetch(gateway.origin + path, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return response;
}

const status = async (token: string, path?: string) => (await get(token, path)).status;

const admin = (path: string, body?: object) =>
  fetch(gateway.admin + path, {
    headers: operator,
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });

const revoke = async (body: object) => {
  const response = await admin('/revocations', body);
  await response.arrayBuffer();
  return response.status;
};

/** The same user by `sub`, at each issuer, signed in a minute ago. */
const tokens = async (claims: object = {}) =>
  await Promise.all([main, partner].map((issuer) => issuer.token({ sub: 'admin-7', iat: nowS() - 60, ...claims })));

test('header, signed identity, log, records and explanation name the source', async () => {
  await start({ more: 'identityAssertion: { issuer: "https://gateway.test" }\n' });
  const seen = [];
  for (const token of await tokens()) {
    const response = await get(token);
    expect(response.status).toBe(200);
    const { header } = upstream.last();
    const { sub, idp } = decodeJwt(header('x-rolegate-identity')[0] ?? '');
    seen.push([header('user-id'), header('user-source'), sub, idp]);
  }
  expect(seen).toEqual([
    [['admin-7'], ['main'], 'admin-7', 'main'],
    [['admin-7'], ['partner'], 'admin-7', 'partner'],
  ]);
  await expect.poll(() => gateway.logLines().filter(({ msg }) => msg === 'request').length).toBe(2);
  const lines = gateway.logLines().filter(({ msg }) => msg === 'request');
  expect(lines.map(({ userId, identitySource }) => [userId, identitySource])).toEqual([
    ['admin-7', 'main'],
    ['admin-7', 'partner'],
  ]);
  for (const { requestId, identitySource } of lines) {
    const found = await (await admin(`/decisions/${requestId}`)).json();
    expect(found).toMatchObject({
      request: { userId: 'admin-7', identitySource },
      identity: { userId: 'admin-7', identitySource },
      explanation: { identity: { userId: 'admin-7', source: identitySource } },
    });
  }
  const [, ofPartner = ''] = await tokens();
  const asked = { method: 'GET', host: null, secure: false, target: '/orders', headers: [], client: null };
  const explained = await (await admin('/explain', { ...asked, bearer: ofPartner })).json();
  expect(explained).toMatchObject({ identity: { userId: 'admin-7', source: 'partner' } });
});

test('a condition on the source keeps users of the other issuer out', async () => {
  await start({});
  const [ofMain = '', ofPartner = ''] = await tokens();
  expect([await status(ofMain, '/users/admin-7'), await status(ofPartner, '/users/admin-7')]).toEqual([200, 403]);
});

test('with "userPrefix" ids differ, and the other issuer cannot give an id with that prefix', async () => {
  await start({ partner: ', userPrefix: "partner:"', headers: plain });
  const ids = [];
  for (const token of await tokens()) {
    expect(await status(token)).toBe(200);
    ids.push(upstream.last().header('user-id'));
  }
  expect(ids).toEqual([['admin-7'], ['partner:admin-7']]);
  for (const sub of ['partner:admin-7', 'PARTNER:admin-7']) expect(await status(await main.token({ sub }))).toBe(503);
  // Control: the partner's own users may have it in their ids.
  expect(await status(await partner.token({ sub: 'partner:admin-7' }))).toBe(200);
  expect(upstream.last().header('user-id')).toEqual(['partner:partner:admin-7']);
});

test('a partner gives only the roles of its allow-list, also derived ones', async () => {
  await start({ partner: ', roles: []' });
  const claims = { roles: ['admin', 'user'], groups: ['operators'] };
  const [ofMain = '', ofPartner = ''] = await tokens(claims);
  for (const path of ['/admin', '/ops'])
    expect([await status(ofMain, path), await status(ofPartner, path)]).toEqual([200, 403]);
  await get(ofMain);
  expect(upstream.last().header('roles')).toEqual(['admin,user,ops']);
  await get(ofPartner);
  expect(upstream.last().header('roles')).toEqual(['']);
});

test('a role of a partner that is not on its allow-list can stand for one that is', async () => {
  await start({ partner: ', roles: [ops]', more: '' });
  const text = configOf({ partner: ', roles: [ops]' }).replace(
    'ops: { from: { field: groups, equals: operators } }',
    'ops: { from: { field: roles, equals: partner-operator } }',
  );
  gateway.apply(text);
  const [, ofPartner = ''] = await tokens({ roles: ['partner-operator', 'admin'] });
  expect([await status(ofPartner, '/ops'), await status(ofPartner, '/admin')]).toEqual([200, 403]);
  await get(ofPartner);
  expect(upstream.last().header('roles')).toEqual(['ops']);
});

test('a revocation by user ends that user in every source, or in the named one', async () => {
  await start({});
  const all = async (list: readonly string[]) => await Promise.all(list.map((token) => status(token)));
  const first = await tokens({ sub: 'u1' });
  expect(await revoke({ userID: 'u1' })).toBe(202);
  expect(await all(first)).toEqual([401, 401]);
  const second = await tokens({ sub: 'u2' });
  expect(await revoke({ userID: 'u2', source: 'partner' })).toBe(202);
  expect(await all(second)).toEqual([200, 401]);
  expect(await revoke({ userID: 'u2', source: 'partners' })).toBe(400);
  expect(await all(second)).toEqual([200, 401]);
});

test('a revocation may name a user with or without the prefix', async () => {
  await start({ partner: ', userPrefix: "partner:"', headers: plain });
  const rows = [
    [{ userID: 'u1' }, [401, 401]],
    [{ userID: 'partner:u1' }, [200, 401]],
    [{ userID: 'PARTNER:U1' }, [200, 401]],
    [{ userID: 'u1', source: 'partner' }, [200, 401]],
    [{ userID: 'partner:u1', source: 'partner' }, [200, 401]],
    [{ userID: 'u1', source: 'main' }, [401, 200]],
    [{ userID: 'partner:u1', source: 'main' }, [200, 200]],
  ] as const;
  for (const [index, [body, expected]] of rows.entries()) {
    const list = await tokens({ sub: `u1-${index}` });
    expect(await Promise.all(list.map((token) => status(token)))).toEqual([200, 200]);
    expect(await revoke({ ...body, userID: `${body.userID}-${index}` })).toBe(202);
    expect([body, await Promise.all(list.map((token) => status(token)))]).toEqual([body, expected]);
  }
});

test('a changed prefix does not make a revoked token valid again', async () => {
  await start({ partner: ', userPrefix: "partner:"', headers: plain });
  const token = await partner.token({ sub: 'u1', iat: nowS() - 60 });
  expect(await status(token)).toBe(200);
  expect(await revoke({ userID: 'partner:u1' })).toBe(202);
  expect(await status(token)).toBe(401);
  const other = await partner.token({ sub: 'u2', iat: nowS() - 60 });
  gateway.apply(configOf({ partner: ', userPrefix: "p-"', headers: plain }));
  expect([await status(token), await status(other)]).toEqual([401, 200]);
  expect(upstream.last().header('user-id')).toEqual(['p-u2']);
});

test('a JWT and an opaque token of one provider have the same user and the same source', async () => {
  const server = createServer((_, response) => {
    const body = { active: true, sub: 'admin-7', iss: main.issuer, token_type: 'Bearer' };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/introspect`;
  const client = 'client: { id: gw, secret: a-client-secret }';
  await start({
    source: `  opaque: { kind: introspection, url: "${url}", ${client}, issuer: "${main.issuer}" }\n`,
    more: 'identityAssertion: { issuer: "https://gateway.test" }\ncredentials: { bearer: { source: opaque }, keyPair: false }\n',
  });
  const [ofMain = ''] = await tokens();
  const seen = [];
  for (const token of [ofMain, 'opaque-1']) {
    expect(await status(token)).toBe(200);
    const { header } = upstream.last();
    seen.push([
      header('user-id')[0],
      header('user-source')[0],
      decodeJwt(header('x-rolegate-identity')[0] ?? '')['idp'],
    ]);
  }
  expect(seen).toEqual([
    ['admin-7', 'main', 'main'],
    ['admin-7', 'main', 'main'],
  ]);
  expect(await revoke({ userID: 'admin-7', source: 'opaque' })).toBe(202);
  expect(await status(ofMain)).toBe(401);
});
