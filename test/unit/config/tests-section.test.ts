/** The `tests` section as data: identities and cases of all files, with all defaults applied. */
import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';

const head = `version: 1
authApi: { url: "http://auth:8081" }
roles: { user: {} }
upstreams: { orders: { targets: ["http://orders:8080"] } }
routes:
  - id: order
    match: { path: "/v1/orders/{tenant}" }
    upstream: orders
    access: [user]
    when: [{ param: tenant, in: identity.groups, reason: wrong_tenant }]
`;

test('applies defaults to identities and cases', () => {
  const text = `${head}tests:
  identities:
    ann: { roles: [user], groups: [acme] }
    robot: { kind: keyPair, userId: u-1, keyId: k-1 }
  cases:
    - { as: ann, request: GET /v1/orders/acme?page=2, expect: allow, route: order, upstreamHeaders: { User-Id: ann, x-debug: null } }
    - name: another tenant
      as: ann
      request: PUT https://api.example.test:8443/v1/orders/other
      headers: { x-region: [eu, us], x-empty: "" }
      client: 10.1.2.3
      expect: refuse
      reason: wrong_tenant
    - { request: "GET http://[::1]/v1/orders/x", expect: refuse, reason: credential_missing }
`;
  const result = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!result.ok) expect.fail(JSON.stringify(result.problems));
  const { identities, cases } = result.config.tests;
  const unknown = { authenticatedAtMs: null, claims: {}, alias: null, fullName: null, tokenId: null, issuedAtMs: null };
  const nobody = { ...unknown, source: 'authApi', acceptedBy: 'authApi', expireAtMs: Number.POSITIVE_INFINITY };
  expect(Object.fromEntries(identities)).toEqual({
    ann: {
      ...nobody,
      kind: 'bearer',
      userId: 'ann',
      roles: ['user'],
      groups: ['acme'],
      sessionId: 'session-ann',
      keyId: null,
    },
    robot: { ...nobody, kind: 'keyPair', userId: 'u-1', roles: [], groups: [], sessionId: null, keyId: 'k-1' },
  });
  expect(cases).toEqual([
    {
      name: 'GET /v1/orders/acme?page=2 as ann',
      file: 'gateway.yaml',
      line: 16,
      as: 'ann',
      method: 'GET',
      host: null,
      secure: false,
      target: '/v1/orders/acme?page=2',
      headers: [],
      client: null,
      time: null,
      trusted: false,
      expect: 'allow',
      route: 'order',
      reason: null,
      upstreamHeaders: new Map([
        ['user-id', 'ann'],
        ['x-debug', null],
      ]),
    },
    {
      name: 'another tenant',
      file: 'gateway.yaml',
      line: 17,
      as: 'ann',
      method: 'PUT',
      host: 'api.example.test:8443',
      secure: true,
      target: '/v1/orders/other',
      headers: ['x-region', 'eu', 'x-region', 'us', 'x-empty', ''],
      client: '10.1.2.3',
      time: null,
      trusted: false,
      expect: 'refuse',
      route: null,
      reason: 'wrong_tenant',
      upstreamHeaders: new Map(),
    },
    expect.objectContaining({
      name: 'GET [::1]/v1/orders/x without a credential',
      as: null,
      host: '[::1]',
      reason: 'credential_missing',
    }),
  ]);
});

test('an identity can have an undeclared role of the Auth API if a declared role follows from it', () => {
  const roles =
    'roles: { user: { from: { field: roles, in: [STAFF] } }, boss: { from: { field: groups, equals: heads } } }';
  const load = (held: string) =>
    parseConfig(`${head.replace(/^roles: .*$/m, roles)}tests: { identities: { ann: { roles: [${held}] } } }\n`, {
      ...{ file: 'gateway.yaml', env: {}, readSecret: () => '' },
    });
  const result = load('STAFF');
  expect(result.ok && result.config.tests.identities.get('ann')?.roles).toEqual(['STAFF']);
  expect(load('heads')).toMatchObject({ ok: false, problems: [{ hint: 'known: user, boss, STAFF' }] });
  expect(load('STAF')).toMatchObject({ ok: false, problems: [{ hint: 'did you mean "STAFF"?' }] });
});

test('identities are declared once across files, and usable in all', () => {
  const included: Readonly<Record<string, string>> = {
    'a.yaml': 'routes: []\ntests: { cases: [{ as: ann, request: GET /v1/orders/acme, expect: allow }] }\n',
    'b.yaml': 'routes: []\ntests: { identities: { ann: { roles: [user] } } }\n',
  };
  const load = (...names: string[]) =>
    parseConfig(`${head}include: [x.yaml]\ntests: { identities: { ann: { roles: [user], groups: [acme] } } }\n`, {
      file: 'gateway.yaml',
      env: {},
      readSecret: () => '',
      readIncluded: () => names.map((file) => ({ file, text: included[file] ?? '' })),
    });
  const one = load('a.yaml');
  expect(one.ok && one.config.tests.cases).toMatchObject([{ file: 'a.yaml', line: 2, as: 'ann' }]);
  const two = load('a.yaml', 'b.yaml');
  expect(!two.ok && two.problems).toMatchObject([
    { file: 'b.yaml', line: 2, message: 'the identity "ann" is declared in another file (gateway.yaml line 12)' },
  ]);
});

const sources = `identityHeaders: { user-id: userId, user-source: source }
sources:
  issuer: { kind: jwt, issuer: "https://id.example.test", audience: [orders], fields: { roles: "'https://x/roles'", groups: { path: scope, split: " " } } }
  opaque: { kind: introspection, url: "https://id.example.test/introspect", client: { id: gateway, secret: "a secret of the client" } }
`;

const identitiesOf = (identities: string) =>
  parseConfig(`${head}${sources}tests:\n  identities:\n${identities}`, {
    ...{ file: 'gateway.yaml', env: {}, readSecret: () => '' },
  });

test('an identity can be derived from claims by a source', () => {
  const result =
    identitiesOf(`    ann: { source: issuer, claims: { sub: u-1, "https://x/roles": [user, other], scope: "a b", exp: 1, jti: t-1, iat: 100.5 } }
    bob: { source: opaque, kind: apiKey, claims: { sub: u-2, active: true, roles: [user] } }
    eve: { source: authApi, claims: { verified: true, userID: u-3, roles: [], groups: [], sessionID: s-3, alias: eve, fullName: Eve } }
    key: { source: authApi, kind: keyPair, claims: { userID: u-4, roles: [user], groups: [], keyID: k-4 } }
`);
  if (!result.ok) expect.fail(JSON.stringify(result.problems));
  expect(Object.fromEntries(result.config.tests.identities)).toMatchObject({
    ann: {
      ...{ kind: 'bearer', source: 'issuer', userId: 'u-1', roles: ['user', 'other'], groups: ['a', 'b'] },
      ...{ tokenId: 't-1', issuedAtMs: 100_000, sessionId: null, expireAtMs: Number.POSITIVE_INFINITY },
    },
    bob: { kind: 'apiKey', source: 'opaque', userId: 'u-2', roles: ['user'], groups: [] },
    eve: { kind: 'bearer', source: 'authApi', userId: 'u-3', sessionId: 's-3', alias: 'eve', fullName: 'Eve' },
    key: { kind: 'keyPair', source: 'authApi', userId: 'u-4', keyId: 'k-4' },
  });
});

test.each([
  [
    '{ claims: { sub: u-1 } }',
    'no setting specifies which source has these claims',
    'known: authApi, issuer, opaque',
    '{ sub',
  ],
  ['{ source: isuer, claims: { sub: u-1 } }', 'there is no such source', 'did you mean "issuer"?', 'isuer'],
  [
    '{ source: opaque, kind: keyPair, claims: { sub: u } }',
    'a source of kind "introspection" does not accept this kind of credential',
    null,
    'keyPair',
  ],
  [
    '{ source: issuer, claims: { sub: u-1 } }',
    `field "'https://x/roles'" is missing (sources.issuer.fields.roles)`,
    null,
    '{ sub',
  ],
  [
    '{ source: issuer, claims: { sub: u-1, "https://x/roles": user } }',
    `field "'https://x/roles'": expected a list of names without commas and control characters, found another text (sources.issuer.fields.roles)`,
    null,
    '{ sub',
  ],
  [
    '{ source: opaque, claims: { sub: 7 } }',
    'field "sub": expected visible ASCII without blanks, 1 to 256 characters, found a value of type number (sources.opaque.fields.userId)',
    null,
    '{ sub',
  ],
  ['{ source: opaque, claims: { sub: u-1 }, roles: [user] }', '"roles" follows from the claims', 'remove it', 'roles'],
  ['{ source: opaque, claims: user }', 'expected a mapping', null, 'user'],
])('refuses claims that make no identity: %s', (entry, message, hint, at) => {
  const result = identitiesOf(`    ann: ${entry}\n`);
  const column = `    ann: ${entry}`.lastIndexOf(at) + 1;
  expect(result).toMatchObject({ ok: false, problems: [{ line: 17, column, message, hint }] });
  expect(!result.ok && result.problems).toHaveLength(1);
});
