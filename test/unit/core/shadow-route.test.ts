/** Routes in shadow mode: exactly what the rule refuses is allowed, and nothing else. */
import { expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import type { Resolution } from '../../../src/core/identity/identity.ts';
import type { AccessSource } from '../../../src/core/policy/access.ts';
import { accept, makePolicy, unresolved, view } from './make-policy.ts';

const token = 'Authorization: Bearer abc';
const user = accept({ roles: ['user'] });
const never: Resolution = unresolved('auth_unavailable');

type Row = [
  name: string,
  access: AccessSource,
  headers: string[],
  resolution: Resolution,
  outcome: 'allow' | 'refuse',
  rule: string | null,
];

const rows: Row[] = [
  ['a caller that the rule allows', ['user'], [token], user, 'allow', null],
  ['a missing role', ['admin'], [token], user, 'allow', 'role_missing'],
  ['a forbidden role', { none: ['user'] }, [token], user, 'allow', 'role_forbidden'],
  ['no credential', ['user'], [], never, 'allow', 'credential_missing'],
  ['a malformed credential', ['user'], ['Authorization: Bearer'], never, 'allow', 'credential_malformed'],
  ['a rejected credential', ['user'], [token], unresolved('credential_rejected'), 'allow', 'credential_rejected'],
  ['an unavailable Auth API', ['user'], [token], never, 'refuse', 'auth_unavailable'],
  ['a slow Auth API', ['user'], [token], unresolved('auth_timeout'), 'refuse', 'auth_timeout'],
  [
    'an Auth API with invalid responses',
    ['user'],
    [token],
    unresolved('auth_response_invalid'),
    'refuse',
    'auth_response_invalid',
  ],
  ['two credentials', ['user'], [token, 'api-key: k'], never, 'refuse', 'credential_conflict'],
  ['a repeated credential', ['user'], [token, token], never, 'refuse', 'credential_repeated'],
  ['a denied route', 'deny', [token], user, 'refuse', 'access_denied'],
];

test.each(rows)('%s', (_, access, headers, resolution, outcome, rule) => {
  const policy = makePolicy([{ on: '/x', access, mode: 'shadow' }]);
  const decision = decide(view('GET /x', headers), policy, () => resolution) as Decision;
  expect(decision.outcome).toBe(outcome);
  if (decision.outcome === 'allow') {
    expect(decision.shadowed?.reason ?? null).toBe(rule);
    const known = resolution.identity !== null && headers.length === 1;
    expect(decision.identity).toEqual(known ? resolution.identity : null);
  } else expect(decision.reason).toBe(rule);
  // Control: the same route without shadow mode.
  const enforced = decide(view('GET /x', headers), makePolicy([{ on: '/x', access }]), () => resolution) as Decision;
  expect(enforced.reason).toBe(rule);
});

test('allows an unmet condition and records its word', () => {
  const when = [
    {
      word: 'wrong_region',
      unless: [],
      condition: {
        subject: { from: 'query', name: 'region' },
        comparison: { operator: 'equals', operand: { literal: 'eu' } },
      },
    },
  ] as const;
  const policy = makePolicy([{ on: '/x', access: 'public', when, mode: 'shadow' }]);
  const decision = decide(view('GET /x?region=us'), policy, () => never);
  expect(decision).toMatchObject({ outcome: 'allow', shadowed: { condition: { word: 'wrong_region' } } });
});

test('allows asynchronous results alike, and a fault is a refusal', async () => {
  const policy = makePolicy([{ on: '/x', access: ['admin'], mode: 'shadow' }]);
  expect(await decide(view('GET /x', [token]), policy, async () => user)).toMatchObject({
    outcome: 'allow',
    shadowed: { reason: 'role_missing' },
  });
  const fault = () => Promise.reject(new Error('broken'));
  expect(await decide(view('GET /x', [token]), policy, fault)).toMatchObject({ reason: 'internal_error' });
});

test('still refuses what does not depend on the rule: readings, methods, paths', () => {
  const policy = makePolicy([{ on: '/x', access: { GET: ['admin'] }, mode: 'shadow' }]);
  const reason = (line: string) => (decide(view(line), policy, () => never) as Decision).reason;
  expect(reason('POST /x')).toBe('method_not_allowed');
  expect(reason('GET /y')).toBe('route_not_found');
  expect(reason('GET /x%2Fy')).toBe('path_ambiguous');
  expect(reason('GET x')).not.toBeNull();
});
