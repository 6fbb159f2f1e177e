/** Request headers for the upstream: which of the client's are kept, and which are added (RFC 9110 section 7.6). */
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { ClientFacts } from '../../../src/core/forwarding/client-facts.ts';
import { compileForwarding } from '../../../src/core/forwarding/compile-forwarding.ts';
import type { IdentityHeader } from '../../../src/core/forwarding/forwarding-rules.ts';
import { appendRequestHeaders } from '../../../src/core/forwarding/request-headers.ts';
import type { Identity } from '../../../src/core/identity/identity.ts';
import {
  accept,
  defaultIdentityHeaders,
  forwardingSettings,
  makePolicy,
  type RouteSpec,
  sources,
  view,
} from './make-policy.ts';

const facts: ClientFacts = {
  client: '203.0.113.7',
  forwardedFor: '203.0.113.7, 10.0.0.1',
  proto: 'https',
  forwardedHost: 'www.example.test',
  requestId: 'id-1',
  trusted: false,
};
const every: readonly IdentityHeader[] = [
  ...defaultIdentityHeaders,
  { name: 'x-roles', field: 'roles' },
  { name: 'x-alias', field: 'alias' },
];
const authenticated: RouteSpec = { on: '/a', access: 'authenticated' };
const open: RouteSpec = { on: '/a', access: 'public', forwardCredentials: true };

interface Setup {
  readonly route?: RouteSpec;
  readonly identity?: Partial<Identity>;
  readonly identityHeaders?: readonly IdentityHeader[];
  readonly cookie?: string;
  readonly stale?: boolean;
  readonly via?: false;
  readonly proxyHeaders?: readonly string[];
  readonly trusted?: boolean;
}

/** What the upstream receives, with names in lower case and repeated values joined by " | ". */
function forward(headers: readonly string[], setup: Setup = {}): Record<string, string> {
  const seen = view('GET /a', headers, 'api.example.test:8080');
  const credentials = { ...sources, bearerCookie: setup.cookie ?? null };
  const resolution = { ...accept(setup.identity), stale: setup.stale ?? false };
  const withCredential = { ...seen, rawHeaders: ['Host', 'api.example.test:8080', 'Authorization', 'Bearer t'] };
  const ask = setup.route === open ? seen : withCredential;
  const decision = decide(ask, makePolicy([setup.route ?? authenticated], credentials), () => resolution);
  if (decision instanceof Promise || decision.outcome !== 'allow') return expect.fail('not allowed');
  const out: string[] = [];
  const rules = compileForwarding({
    ...forwardingSettings,
    credentials,
    identityHeaders: setup.identityHeaders ?? defaultIdentityHeaders,
    via: setup.via === false ? null : { name: 'rolegate' },
    server: { ...forwardingSettings.server, proxyHeaders: setup.proxyHeaders ?? [] },
  });
  appendRequestHeaders(out, rules, decision, seen.rawHeaders, { ...facts, trusted: setup.trusted ?? false });
  expect(out.slice(0, 2)).toEqual(['host', 'api.example.test:8080']);
  const received: Record<string, string> = {};
  for (let i = 0; i < out.length; i += 2) {
    const name = out[i]!.toLowerCase();
    received[name] = name in received ? `${received[name]} | ${out[i + 1]}` : out[i + 1]!;
  }
  return received;
}

test('the upstream always receives the headers of the gateway', () => {
  expect(forward([])).toEqual({
    host: 'api.example.test:8080',
    'x-forwarded-for': '203.0.113.7, 10.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'www.example.test',
    'x-real-ip': '203.0.113.7',
    via: expect.stringMatching(/^1\.1 \S+$/),
    'x-request-id': 'id-1',
    'user-id': '66666666-7777-4888-9999-aaaaaaaaaaaa',
    groups: 'acme',
  });
});

test('ordinary headers keep order, spelling and repetition', () => {
  const out: string[] = [];
  const seen = view('GET /a', ['Accept: a', 'X-One: 1', 'accept: b', 'Cookie: c=d', 'X_Under: u', 'Content-Length: 0']);
  const decision = decide(seen, makePolicy([open]), () => expect.fail('the resolver was called'));
  if (decision instanceof Promise || decision.outcome !== 'allow') return expect.fail('not allowed');
  appendRequestHeaders(out, compileForwarding(forwardingSettings), decision, seen.rawHeaders, facts);
  expect(out.slice(2, 14)).toEqual(seen.rawHeaders.slice(2));
});

describe("a client's identity headers never reach the upstream", () => {
  const spellings = ['user-id', 'User-Id', 'USER-ID', 'user_id', 'User_ID', 'uSER_iD', 'user.id', 'User!ID', 'user~id'];
  test.each(spellings)('%s', (name) => {
    expect(forward([`${name}: mallory`])['user-id']).toBe('66666666-7777-4888-9999-aaaaaaaaaaaa');
    expect(forward([`${name}: mallory`])).not.toHaveProperty('user_id');
    for (const value of Object.values(forward([`${name}: mallory`], { route: open })))
      expect(value).not.toBe('mallory');
  });

  test('not even those for which the identity has no value', () => {
    const setup: Setup = { identityHeaders: every, identity: { alias: null, groups: [] } };
    const received = forward(
      ['X-Alias: root', 'x_alias: root', 'X-Roles: admin', 'groups: wheel', 'GROUPS: wheel'],
      setup,
    );
    expect(JSON.stringify(received)).not.toMatch(/root|admin|wheel/);
  });

  test('a header that only another configuration emits is forwarded', () => {
    expect(forward(['X-Alias: root'])['x-alias']).toBe('root');
  });

  test('not even the marker of a stale verdict', () => {
    expect(forward(['X-Rolegate-Stale: 1', 'x_rolegate_stale: 1'])).not.toHaveProperty('x-rolegate-stale');
    expect(forward(['X-Rolegate-Stale: 0'], { stale: true })['x-rolegate-stale']).toBe('1');
  });
});

describe('hop-by-hop headers', () => {
  test.each([
    ...['Connection: keep-alive', 'Keep-Alive: timeout=5', 'Proxy-Connection: keep-alive', 'TE: trailers'],
    ...['Trailer: X-Sum', 'Transfer-Encoding: chunked', 'transfer_encoding: chunked', 'Upgrade: h2c'],
    ...['HTTP2-Settings: AAMAAABk', 'Proxy-Authorization: Basic dTpw', 'Expect: 100-continue', 'content_length: 5'],
  ])('removes %s', (header) => {
    const name = header.slice(0, header.indexOf(':')).toLowerCase();
    expect(forward([header])).not.toHaveProperty(name);
    expect(forward([header], { route: open })).not.toHaveProperty(name);
  });

  test("removes what Connection lists, but not the gateway's own headers", () => {
    const received = forward([
      'Connection: close, X-Secret, user-id , GROUPS, x-forwarded-for, via, x-request-id, host, content-length, X_Other',
      'X-Secret: 1',
      'X-Other: 2',
      'X-Kept: 3',
      'Content-Length: 5',
    ]);
    expect(received).not.toHaveProperty('x-secret');
    expect(received).not.toHaveProperty('x-other');
    expect(received).not.toHaveProperty('connection');
    expect(received).toMatchObject({
      ...{ 'x-kept': '3', 'content-length': '5', host: 'api.example.test:8080', groups: 'acme' },
      ...{
        'user-id': '66666666-7777-4888-9999-aaaaaaaaaaaa',
        'x-forwarded-for': facts.forwardedFor,
        'x-request-id': 'id-1',
      },
    });
  });

  test('two Connection headers are one list', () => {
    const received = forward(['Connection: x-one', 'connection: x-two', 'X-One: 1', 'X-Two: 2']);
    expect(received).not.toHaveProperty('x-one');
    expect(received).not.toHaveProperty('x-two');
  });
});

describe('headers that only a preceding proxy may send', () => {
  const names = [
    ...['X-Forwarded', 'True-Client-IP', 'CF-Connecting-IP', 'X-Client-IP', 'X-Original-Host', 'X-Host', 'Remote-User'],
    ...['X-Original-Method', 'X-Envoy-Original-Path', 'X-Rewrite-Uri', 'X-SSL-Client-Cert', 'X-SSL-Client-S-DN'],
    ...['x_client_ip', 'REMOTE_USER', 'x.ssl.client.verify'],
  ];

  test.each(names)('%s', (name) => {
    const key = name.toLowerCase();
    expect(forward([`${name}: forged`])).not.toHaveProperty([key]);
    expect(forward([`${name}: forged`], { route: open })).not.toHaveProperty([key]);
    expect(forward([`${name}: said`], { trusted: true })[key]).toBe('said');
  });

  test('a setting adds further ones', () => {
    const setup: Setup = { proxyHeaders: ['X-Tenant', 'x-edge-*'] };
    const sent = ['X-Tenant: a', 'x_tenant: a', 'X-Edge-Country: b', 'X-Edge: c'];
    expect(forward(sent)).toMatchObject({ 'x-tenant': 'a', 'x-edge-country': 'b' });
    const received = forward(sent, setup);
    for (const name of ['x-tenant', 'x_tenant', 'x-edge-country']) expect(received).not.toHaveProperty(name);
    expect(received['x-edge']).toBe('c');
    expect(forward(sent, { ...setup, trusted: true })).toMatchObject({ 'x-tenant': 'a', 'x-edge-country': 'b' });
  });

  test('one with another meaning keeps it', () => {
    const setup: Setup = { proxyHeaders: ['content-length', 'cookie', 'authorization', 'x-forwarded-for'] };
    expect(forward(['Content-Length: 0', 'Cookie: a=b'], setup)).toMatchObject({ 'content-length': '0' });
    expect(forward(['X-Forwarded-For: 6.6.6.6'], { ...setup, trusted: true })['x-forwarded-for']).toBe(
      facts.forwardedFor,
    );
  });
});

describe('Via', () => {
  test('is appended to the Via of earlier gateways', () => {
    expect(forward(['Via: 1.1 a', 'via: 1.0 b (c)'])['via']).toBe('1.1 a, 1.0 b (c), 1.1 rolegate');
  });

  test('is not added if disabled, and is forwarded as received', () => {
    expect(forward([], { via: false })).not.toHaveProperty('via');
    expect(forward(['Via: 1.1 a', 'via: 1.0 b'], { via: false })['via']).toBe('1.1 a, 1.0 b');
  });
});

test('reports a removed prefix', () => {
  const route: RouteSpec = { on: '/a', rewrite: { stripPrefix: '/a', addPrefix: '' } };
  expect(forward(['X-Forwarded-Prefix: /forged'], { route: { ...open, ...route } })['x-forwarded-prefix']).toBe('/a');
  const added: RouteSpec = { on: '/a', rewrite: { stripPrefix: '', addPrefix: '/b' } };
  expect(forward(['X-Forwarded-Prefix: /forged'], { route: added })).not.toHaveProperty('x-forwarded-prefix');
});

describe('headers that could change what was authorized', () => {
  test.each([
    ...['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X-Original-URL', 'X-Rewrite-URL'],
    ...[
      'x_http_method_override',
      'x_original_url',
      'X_REWRITE_URL',
      'Forwarded',
      'X-Forwarded-Prefix',
      'X-Forwarded-Port',
    ],
    ...[
      'X-Forwarded-Uri',
      'X-Original-URI',
      'X-Forwarded-Server',
      'x_forwarded_prefix',
      ...['X-Forwarded-User', 'x_forwarded_user', 'X-Forwarded-Ssl', 'X-Forwarded-Scheme', 'X-Forwarded-Whatever'],
    ],
  ])('removes %s', (name) => {
    expect(JSON.stringify(forward([`${name}: smuggled`]))).not.toContain('smuggled');
    expect(JSON.stringify(forward([`${name}: smuggled`], { route: open }))).not.toContain('smuggled');
  });

  test.each([
    ...[
      'X-Forwarded-For',
      'X-Forwarded-Host',
      'X-Forwarded-Proto',
      'X-Real-IP',
      'X-Request-Id',
      'x_forwarded_for',
      'x_real_ip',
    ],
  ])('replaces %s', (name) => {
    expect(JSON.stringify(forward([`${name}: smuggled`]))).not.toContain('smuggled');
  });

  test('extends Via', () => {
    expect(forward(['Via: 1.0 fred', 'via: 1.1 p.test'])['via']).toMatch(/^1\.0 fred, 1\.1 p\.test, 1\.1 \S+$/);
  });
});

describe('credentials', () => {
  const sent = [
    'Authorization: Bearer t',
    'api-key: k',
    'api-secret: s',
    'API_KEY: k2',
    'Api_Secret: s2',
    'authorization: x',
  ];
  test('are not forwarded', () => {
    expect(Object.keys(forward(sent)).filter((name) => /auth|api/.test(name))).toEqual([]);
  });

  test('are forwarded where the route allows it', () => {
    const received = forward(sent, { route: { ...authenticated, forwardCredentials: true } });
    expect(received).toMatchObject({ authorization: 'Bearer t | x', 'api-key': 'k', 'api-secret': 's' });
  });

  test('are forwarded unchanged on a public route', () => {
    expect(forward(sent, { route: open })).toMatchObject({
      authorization: 'Bearer t | x',
      'api-key': 'k',
      'api-secret': 's',
    });
  });

  test.each([
    ['alone', 'session=abc', undefined],
    ['among others', 'a=b; session=abc; c=d', 'a=b; c=d'],
    ['with spaces around its name', 'a=b;  session =abc', 'a=b'],
    ['with a tab before its name', 'a=b;\tsession=abc', 'a=b'],
    ['twice', 'session=abc; session=abc', undefined],
    ['names that only look similar', 'xsession=1; sessionx=2; Session=3', 'xsession=1; sessionx=2; Session=3'],
    ['its name in a value', 'a=session=abc', 'a=session=abc'],
  ])('removes the bearer cookie: %s', (_name, cookie, left) => {
    expect(forward([`Cookie: ${cookie}`], { cookie: 'session' })['cookie']).toBe(left);
  });

  test('forwards cookies where none is a credential', () => {
    expect(forward(['Cookie: session=abc; c=d'])['cookie']).toBe('session=abc; c=d');
    expect(forward(['Cookie: session=abc'], { route: open, cookie: 'session' })['cookie']).toBe('session=abc');
  });
});

describe('values of identity headers', () => {
  const forwarded = (identity: Partial<Identity>) => forward([], { identityHeaders: every, identity });
  test.each([
    ['groups are comma separated', { groups: ['a', 'b c'] }, 'groups', 'a,b c'],
    ['roles as the Auth API returned them, before inheritance', { roles: ['admin'] }, 'x-roles', 'admin'],
    ['a field without a value', { alias: null }, 'x-alias', undefined],
    ['a value beyond ASCII: percent-encoded UTF-8', { alias: 'Zo\u00eb' }, 'x-alias', 'Zo%C3%AB'],
    ['line feed', { alias: 'a\r\nx: y' }, 'x-alias', 'a%0D%0Ax%3A%20y'],
    ['lone surrogate', { alias: 'a\ud800' }, 'x-alias', 'a%EF%BF%BD'],
    ['trailing space', { alias: 'a ' }, 'x-alias', 'a%20'],
    ['a list stays a list when one item is encoded', { groups: ['caf\u00e9', 'b'] }, 'groups', 'caf%C3%A9,b'],
    ['a comma within an item does not split it', { roles: ['user,admin'] }, 'x-roles', 'user%2Cadmin'],
  ] as [string, Partial<Identity>, string, string | undefined][])('%s', (_name, identity, name, value) => {
    expect(forwarded(identity)[name]).toBe(value);
  });

  test('two names never give the same value', () => {
    expect(forwarded({ groups: ['caf\u00e9'] })['groups']).not.toBe(forwarded({ groups: ['caf%C3%A9'] })['groups']);
  });

  test('an anonymous caller has none', () => {
    const received = forward([], { route: open });
    expect(received).not.toHaveProperty('user-id');
    expect(received).not.toHaveProperty('groups');
  });
});
