/** Properties of `decide` for every request, however broken, and every resolver, however hostile. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { Resolution } from '../../../src/core/identity/identity.ts';
import { reasons } from '../../../src/core/outcome/reasons.ts';
import type { AccessSource } from '../../../src/core/policy/access.ts';
import type { RoleExpression, RoleTerm } from '../../../src/core/policy/role-expression.ts';
import type { RequestView } from '../../../src/core/request/request-view.ts';
import { plainSources } from '../../support/credential-sources.ts';
import { accept, makePolicy, unresolved } from './make-policy.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  // Lone surrogates and every other code unit.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }).map((units) => String.fromCharCode(...units)),
);
const name = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('Host', 'host', 'Authorization', 'api-key', 'API-SECRET', 'Cookie', 'Transfer-Encoding'),
  },
  fc.constantFrom('Origin', 'Sec-Fetch-Site', 'Upgrade', 'Connection', '__proto__'),
  anyText,
);
const value = fc.oneof(
  fc.constantFrom(
    'a.test',
    'Bearer t',
    'bearer  t=',
    'Basic x',
    'k',
    's',
    'session=t',
    'session=t; session=u',
    'chunked',
    'same-origin',
    '',
  ),
  anyText,
);
const rawHeaders = fc
  .tuple(fc.array(fc.tuple(name, value), { maxLength: 6 }), fc.boolean())
  .map(([pairs, odd]) => [...pairs.flat(), ...(odd ? ['Authorization'] : [])]);
const target = fc.oneof(
  fc.constantFrom(
    '/p',
    '/o',
    '/a',
    '/r',
    '/d',
    '/m',
    '/r/%2e%2e',
    '/r;x',
    '/r%2fx',
    '//r',
    'http://a.test/r',
    '*',
    '',
    '/r?q#',
  ),
  anyText,
  anyText.map((text) => `/${text}`),
);
/** Well-formed except for one header, so many requests reach the resolver. */
const usual: fc.Arbitrary<RequestView> = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST'),
  target: fc.constantFrom('/p', '/o', '/a', '/r', '/d', '/m', '/x/y'),
  rawHeaders: fc
    .tuple(fc.constantFrom(['Authorization', 'Bearer t'], ['api-key', 'k', 'api-secret', 's'], []), name, value)
    .map(([credential, oneName, oneValue]) => ['Host', 'a.test', ...credential, oneName, oneValue]),
  httpVersion: fc.constant('1.1'),
});
const broken: fc.Arbitrary<RequestView> = fc.record({
  method: fc.oneof(fc.constantFrom('GET', 'HEAD', 'POST', 'TRACE', 'CONNECT', 'get', '__proto__'), anyText),
  target,
  rawHeaders,
  httpVersion: fc.constantFrom('1.0', '1.1'),
});

const view = fc.oneof(usual, broken);

const policy = makePolicy(
  [
    { on: '/p', access: 'public' },
    { on: '/o', access: 'optional' },
    { on: '/a', access: 'authenticated' },
    { on: '/r', access: ['admin'] },
    { on: '/d', access: 'deny' },
    { on: '/m', access: { GET: ['user'], POST: 'deny' } },
    { on: '/{x}/**', access: ['admin'], tolerates: 7 },
  ],
  { ...plainSources, bearerCookie: 'session' },
);

const hostile: fc.Arbitrary<() => unknown> = fc.constantFrom(
  () => {
    throw new Error('thrown');
  },
  () => {
    throw null;
  },
  () => Promise.reject(new Error('rejected')),
  () => Promise.reject(undefined),
  () => undefined,
  () => null,
  () => 7,
  () => Promise.resolve('identity'),
  () => Promise.resolve({ identity: null, reason: 'credential_rejected', retryAfterS: null, source: 'none' }),
  () => unresolved('auth_unavailable'),
);

test('never throws or rejects, and every refusal is in the catalog', async () => {
  await fc.assert(
    fc.asyncProperty(view, hostile, async (seen, resolve) => {
      const decision = await decide(seen, policy, resolve as never);
      if (decision.outcome === 'refuse') {
        expect(Object.keys(reasons)).toContain(decision.reason);
      } else {
        expect(decision.identity).toBeNull();
        expect(['/p', '/o']).toContain(decision.route?.id);
      }
    }),
    { numRuns: 3_000 },
  );
});

/** The callers that the rules allow, with inheritance spelled out. */
function mayPass(access: AccessSource, held: readonly string[]): boolean {
  const inherits: Record<string, string[]> = { admin: ['admin', 'reporter', 'user'], reporter: ['reporter', 'user'] };
  const effective = held.flatMap((role) => inherits[role] ?? [role]);
  const holds = (term: RoleTerm): boolean => {
    if (typeof term === 'string') return effective.includes(term);
    const { any, all, none } = term;
    return (any === undefined || any.some(holds)) && (all ?? []).every(holds) && !(none ?? []).some(holds);
  };
  if (typeof access === 'string') return access !== 'deny';
  return 'length' in access ? access.some(holds) : holds(access);
}

test('allows a caller exactly when the rule is met', async () => {
  const role = fc.constantFrom('user', 'reporter', 'admin', 'suspended', 'auditor');
  const list = fc.uniqueArray(role, { minLength: 1, maxLength: 3 });
  const { expression } = fc.letrec<{ term: RoleTerm; expression: RoleExpression }>((tie) => {
    const terms = fc.array(tie('term'), { minLength: 1, maxLength: 3 });
    return {
      term: fc.oneof({ maxDepth: 4 }, role, tie('expression')),
      expression: fc
        .record({ any: terms, all: terms, none: terms }, { requiredKeys: [] })
        .filter((rule) => Object.keys(rule).length > 0),
    };
  });
  const access: fc.Arbitrary<AccessSource> = fc.oneof(
    fc.constantFrom('public', 'optional', 'authenticated', 'deny' as const),
    list,
    fc
      .record({ any: list, all: list, none: list }, { requiredKeys: [] })
      .filter((rule) => Object.keys(rule).length > 0),
    expression,
  );
  const holder = fc.uniqueArray(role, { maxLength: 3 });
  const verdict = fc.oneof(
    holder.map((roles): Resolution => accept({ roles })),
    fc.constantFrom('credential_rejected', 'auth_unavailable', 'auth_throttled' as const).map((why) => unresolved(why)),
  );
  const credential = fc.constantFrom<readonly string[]>(
    [],
    ['Authorization', 'Bearer t'],
    ['api-key', 'k', 'api-secret', 's'],
    ['api-key', 'k'],
    ['Authorization', 'Basic x'],
    ['Authorization', 'Bearer t', 'api-key', 'k'],
  );
  await fc.assert(
    fc.asyncProperty(access, verdict, credential, fc.boolean(), async (rule, resolution, headers, later) => {
      const one = makePolicy([{ on: '/x', access: rule }]);
      const seen: RequestView = {
        method: 'GET',
        target: '/x',
        rawHeaders: ['Host', 'a.test', ...headers],
        httpVersion: '1.1',
      };
      const decision = await decide(seen, one, () => (later ? Promise.resolve(resolution) : resolution));
      const good =
        headers.join(' ') === 'Authorization Bearer t' || (headers.length === 4 && headers[2] === 'api-secret');
      const conflict = headers.length === 4 && !good;
      const anonymous = !good || resolution.reason === 'credential_rejected';
      const known = good && resolution.reason === null;
      const expected =
        rule === 'public' ||
        (rule === 'optional' && !conflict && (anonymous || known)) ||
        (known && mayPass(rule, resolution.identity.roles));
      expect(decision.outcome).toBe(expected ? 'allow' : 'refuse');
      expect(decision.outcome === 'allow' && decision.identity !== null).toBe(expected && known && rule !== 'public');
    }),
    { numRuns: 2_000 },
  );
});
