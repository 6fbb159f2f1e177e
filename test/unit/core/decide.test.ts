/** The whole request path: which stage decides, and that only a met rule allows. */
import { describe, expect, test, vi } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { Resolution } from '../../../src/core/identity/identity.ts';
import type { AccessSource } from '../../../src/core/policy/access.ts';
import { accept, makePolicy, unresolved, view } from './make-policy.ts';

const token = 'Authorization: Bearer abc';

type Row = [
  name: string,
  access: AccessSource,
  headers: string[],
  resolution: Resolution | null,
  stage: string,
  reason: string | null,
];
const user = accept({ roles: ['user'] });
const rows: Row[] = [
  ['public ignores credentials', 'public', [], null, 'match', null],
  [
    'public ignores a malformed credential',
    'public',
    ['Authorization: Basic x', 'Authorization: y', 'api-key: k'],
    null,
    'match',
    null,
  ],
  ['deny without a look-up', 'deny', [token], null, 'authorize', 'access_denied'],
  ['optional without a credential', 'optional', [], null, 'extract', null],
  ['optional with an accepted one', 'optional', [token], user, 'authorize', null],
  ['optional with a rejected one', 'optional', [token], unresolved('credential_rejected'), 'resolve', null],
  ['optional in an outage', 'optional', [token], unresolved('auth_unavailable'), 'resolve', 'auth_unavailable'],
  ['optional and throttled', 'optional', [token], unresolved('auth_throttled'), 'resolve', 'auth_throttled'],
  ['optional with a malformed one', 'optional', ['Authorization: Bearer a b'], null, 'extract', null],
  ['optional with another scheme', 'optional', ['Authorization: Basic dTpw'], null, 'extract', null],
  ['optional with half a pair', 'optional', ['api-key: k'], null, 'extract', null],
  [
    'optional with two kinds',
    'optional',
    [token, 'api-key: k', 'api-secret: s'],
    null,
    'extract',
    'credential_conflict',
  ],
  ['optional with a repeated one', 'optional', [token, token], null, 'extract', 'credential_repeated'],
  ['authenticated without a credential', 'authenticated', [], null, 'extract', 'credential_missing'],
  ['authenticated with an accepted one', 'authenticated', [token], accept({ roles: [] }), 'authorize', null],
  [
    'authenticated with a rejected one',
    'authenticated',
    [token],
    unresolved('credential_rejected'),
    'resolve',
    'credential_rejected',
  ],
  ['authenticated in an outage', 'authenticated', [token], unresolved('auth_timeout'), 'resolve', 'auth_timeout'],
  [
    'authenticated, invalid response from the Auth API',
    'authenticated',
    [token],
    unresolved('auth_response_invalid'),
    'resolve',
    'auth_response_invalid',
  ],
  [
    'authenticated with a malformed one',
    'authenticated',
    ['Authorization: Bearer'],
    null,
    'extract',
    'credential_malformed',
  ],
  ['authenticated with two kinds', 'authenticated', [token, 'api-key: k'], null, 'extract', 'credential_conflict'],
  ['roles held', ['user'], [token], user, 'authorize', null],
  ['roles missing', ['admin'], [token], user, 'authorize', 'role_missing'],
  ['role excluded', { none: ['user'] }, [token], user, 'authorize', 'role_forbidden'],
  ['roles, no credential', ['user'], [], null, 'extract', 'credential_missing'],
  ['only exclusions still require a credential', { none: ['suspended'] }, [], null, 'extract', 'credential_missing'],
];

describe.each([
  ['synchronous', (value: Resolution) => value],
  ['asynchronous', (value: Resolution) => Promise.resolve(value)],
] as const)('decisions, %s identity', (_kind, wrap) => {
  test.each(rows)('%s', async (_name, access, headers, resolution, stage, reason) => {
    const resolve = vi.fn(() => (resolution === null ? expect.fail('resolve was called') : wrap(resolution)));
    const decision = await decide(view('GET /a', headers), makePolicy([{ on: '/a', access }]), resolve);
    expect(decision).toMatchObject({ outcome: reason === null ? 'allow' : 'refuse', stage, reason });
    expect(resolve).toHaveBeenCalledTimes(resolution === null ? 0 : 1);
    const granted = reason === null && resolution?.reason === null;
    if (granted) expect(decision.identity).toBe(resolution.identity);
    else if (reason === null) expect(decision.identity).toBeNull();
  });
});

describe('early refusals call no resolver and read no credential', () => {
  const policy = makePolicy([{ on: '/a', access: { GET: ['user'] } }]);
  test.each([
    ['malformed target', 'GET a', 'normalize', 'target_invalid'],
    ['ambiguous path', 'GET /%2e%2e', 'normalize', 'path_ambiguous'],
    ['TRACE', 'TRACE /a', 'normalize', 'method_unsupported'],
    ['no route', 'GET /b', 'match', 'route_not_found'],
    ['method not listed', 'POST /a', 'match', 'method_not_allowed'],
    ['ambiguity that the route does not tolerate', 'GET /a;b', 'match', 'path_ambiguous'],
  ])('%s', (_name, line, stage, reason) => {
    const broken = [token, token, 'api-key: k'];
    const decision = decide(view(line, broken), policy, () => expect.fail('resolve was called'));
    expect(decision).toMatchObject({ outcome: 'refuse', stage, reason, identity: null });
  });

  test('a 405 has an Allow header, other refusals have none', () => {
    const ask = (line: string) => decide(view(line), policy, () => expect.fail('resolve was called'));
    expect(ask('POST /a')).toMatchObject({ allow: 'GET, HEAD' });
    expect(ask('GET /a')).toMatchObject({ allow: null, reason: 'credential_missing' });
  });
});

describe("the resolver's input and output", () => {
  const policy = makePolicy([
    { on: '/a', access: ['user'], maxVerdictAgeMs: 5_000 },
    { on: '/b', access: 'optional' },
    {
      on: '/c',
      access: 'optional',
      maxVerdictAgeMs: 7_000,
      maxVerdictAgeMsByMethod: new Map([
        ['GET', 9_000],
        ['PUT', 0],
      ]),
    },
  ]);

  test.each([
    ['GET', 9_000],
    ['HEAD', 9_000],
    ['PUT', 0],
    ['DELETE', 7_000],
  ])('maxVerdictAge of the method: %s', (method, age) => {
    const resolve = vi.fn(() => user);
    decide(view(`${method} /c`, [token]), policy, resolve);
    expect(resolve.mock.calls).toEqual([[{ kind: 'bearer', token: 'abc' }, age, undefined]]);
  });

  test('the resolver gets the credential, the maxVerdictAge of the route, and the known facts about the client', () => {
    const resolve = vi.fn(() => user);
    decide(view('GET /a', ['api-key: k', 'api-secret: s']), policy, resolve);
    decide({ ...view('GET /b', [token]), client: '203.0.113.9' }, policy, resolve);
    expect(resolve.mock.calls).toEqual([
      [{ kind: 'keyPair', apiKey: 'k', apiSecret: 's' }, 5_000, undefined],
      [{ kind: 'bearer', token: 'abc' }, Number.POSITIVE_INFINITY, '203.0.113.9'],
    ]);
  });

  test('a cached identity is decided without a promise', () => {
    expect(decide(view('GET /a', [token]), policy, () => user)).not.toBeInstanceOf(Promise);
  });

  test('staleness, source and Retry-After reach the decision', async () => {
    const stale = decide(view('GET /a', [token]), policy, () => ({ ...user, stale: true, source: 'redis' }));
    expect(stale).toMatchObject({ outcome: 'allow', stale: true, source: 'redis' });
    const throttled = await decide(view('GET /a', [token]), policy, async () => unresolved('auth_throttled', 17));
    expect(throttled).toMatchObject({ outcome: 'refuse', retryAfterS: 17, source: 'auth-api', identity: null });
  });

  test('the log knows the identity of a refused caller', () => {
    const decision = decide(view('GET /a', [token]), policy, () => accept({ roles: [] }));
    expect(decision).toMatchObject({ outcome: 'refuse', reason: 'role_missing', route: { id: '/a' } });
    expect(decision).toHaveProperty('identity.userId');
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
    ],
    [
      'throws a string',
      () => {
        throw 'boom';
      },
    ],
    ['rejects', () => Promise.reject(new Error('boom'))],
    ['returns nothing', () => undefined],
    ['resolves to nothing', () => Promise.resolve(null)],
    ['returns neither identity nor reason', () => ({ identity: null, reason: null, stale: false, source: 'memory' })],
    ['returns an unknown reason', () => ({ identity: null, reason: 'fine', retryAfterS: null, source: 'none' })],
  ])('a resolver that %s causes a refusal that counts as a fault of the gateway', async (_name, resolve) => {
    const decision = await decide(view('GET /a', [token]), policy, resolve as never);
    expect(decision).toMatchObject({ outcome: 'refuse', stage: 'resolve', route: { id: '/a' } });
  });

  test.each([
    ['no identity', () => ({ reason: null, stale: false, source: 'memory' })],
    ['an identity and a reason', () => ({ ...user, reason: 'auth_unavailable' })],
    ['a number', () => 7],
  ])('where any identity is allowed, a resolver that returns %s allows nothing', async (_name, resolve) => {
    const any = makePolicy([
      { on: '/a', access: 'authenticated' },
      { on: '/b', access: 'optional' },
    ]);
    for (const path of ['/a', '/b']) {
      const decision = await decide(view(`GET ${path}`, [token]), any, resolve as never);
      expect(decision).toMatchObject({ outcome: 'refuse', reason: 'internal_error' });
    }
  });

  test('a foreign promise is awaited or refused', async () => {
    const resolve = () => Object.fromEntries([['then', (give: (value: Resolution) => void) => give(user)]]);
    const decision = await decide(view('GET /b', [token]), policy, resolve as never);
    if (decision.outcome === 'allow') expect(decision.identity).toBe(user.identity);
  });

  test('a thrown error reaches only the log', async () => {
    const boom = new Error('boom');
    const decision = await decide(view('GET /a', [token]), policy, () => Promise.reject(boom));
    expect(decision).toMatchObject({ outcome: 'refuse', reason: 'internal_error', cause: boom });
  });
});
