import { describe, expect, it, test } from 'vitest';
import type { Identity } from '../../../src/core/identity/identity.ts';
import { sampleIdentity } from '../../../src/policy-model/samples/sample-identity.ts';
import { explained } from '../../support/tool-results.ts';
import { orders } from './policies.ts';

const config = orders();
const ann: Identity = { ...sampleIdentity, userId: 'ann', sessionId: 's' };

function asked(line: string, identity: Identity | null = null, headers: readonly string[] = []) {
  const [method = '', host = '', target = ''] = line.split(' ');
  return explained(config, { method, host, target, headers }, identity);
}

const trail = (explanation: ReturnType<typeof asked>) => explanation.trail.map(({ result }) => result).join(' ');

describe('the trail', () => {
  it.each([
    ['GET api.example.test /v1/orders/acme/7', 'passed passed refused not reached not reached', 'credential_missing'],
    ['GET api.example.test /v2', 'passed refused not reached not reached not reached', 'route_not_found'],
    ['GET api.example.test /v1/../x', 'passed refused not reached not reached not reached', 'route_not_found'],
    ['GET api.example.test /v1/%00', 'refused not reached not reached not reached not reached', 'path_ambiguous'],
    [
      'PATCH api.example.test /v1/orders/acme/7',
      'passed refused not reached not reached not reached',
      'method_not_allowed',
    ],
  ])('of %s', (line, results, reason) => {
    const explanation = asked(line);
    expect([explanation.outcome, explanation.reason]).toEqual(['refuse', reason]);
    expect(trail(explanation)).toBe(results);
  });

  it('ends with the grant', () => {
    const explanation = asked('GET api.example.test /v1/orders/acme/7', {
      ...ann,
      roles: ['reporter'],
      groups: ['acme'],
    });
    expect([explanation.outcome, explanation.route]).toEqual(['allow', 'order']);
    expect(trail(explanation)).toBe('passed passed passed passed settled');
  });
});

test('lists every matching route, and why it did not win', () => {
  const { candidates } = asked('GET api.example.test /v1/orders/acme/7', ann);
  expect(candidates.map(({ route, won }) => [route, won])).toEqual([
    ['order', true],
    ['all', false],
  ]);
  expect(candidates[1]?.why).toContain('host api.example.test takes precedence over host any');
});

test('if no route matches, lists the nearest ones with their difference', () => {
  const { candidates } = asked('GET other.test /v2/orders');
  expect(candidates).toEqual([
    { route: 'all', pattern: '/v1/**', won: false, why: 'segment 1 is "v2", not "v1"' },
    {
      route: 'order',
      pattern: 'api.example.test/v1/orders/{tenant}/{id}',
      won: false,
      why: 'the host is not api.example.test',
    },
  ]);
});

test('shows the allowed methods for one that is not listed', () => {
  const { candidates, status } = asked('PATCH api.example.test /v1/orders/acme/7', ann);
  expect([status, candidates[0]?.why]).toEqual([405, 'matches, but accepts only GET, PUT, DELETE, HEAD']);
});

test('shows roles that are held, inherited, derived and missing', () => {
  const held = { ...ann, roles: ['reporter'], groups: ['acme', 'platform'] };
  const { identity, access, reason } = asked('DELETE api.example.test /v1/orders/acme/7', held);
  expect(reason).toBe('role_missing');
  expect(identity).toMatchObject({ roles: ['reporter'], derived: ['operator'], inherited: ['user'] });
  expect(access).toMatchObject({ words: 'all of admin; none of suspended', missing: ['admin'] });
  expect(access?.demands).toEqual([
    { list: 'all', depth: 0, role: 'admin', words: 'admin', held: false, through: null },
    { list: 'none', depth: 0, role: 'suspended', words: 'suspended', held: false, through: null },
  ]);
});

test('shows which role grants an inherited one', () => {
  const { access } = asked('GET api.example.test /v1/orders/acme/7', { ...ann, roles: ['admin'] });
  expect(access?.demands).toMatchObject([{ list: 'any', role: 'user', held: true, through: 'admin' }]);
});

test('shows an unmet condition with what it compared', () => {
  const explanation = asked('GET api.example.test /v1/orders/other/7', {
    ...ann,
    roles: ['user'],
    groups: ['acme'],
  });
  expect(explanation).toMatchObject({ reason: 'condition_failed', condition: 'wrong_tenant', status: 403 });
  expect(explanation.conditions[0]).toMatchObject({ passed: false, exemptBy: null });
  expect(explanation.conditions[0]?.steps[0]?.compared).toEqual([
    { name: 'param tenant', value: 'other', why: null },
    { name: 'identity groups', value: ['acme'], why: null },
  ]);
});

test("shows what the service receives: the identity, and never the credential or the client's claims", () => {
  const admin = { ...ann, roles: ['admin'] };
  const { upstream } = asked('GET api.example.test /v1/orders/acme/7?x=1', admin, ['User_Id', 'eve', 'accept', 'a/b']);
  expect([upstream?.name, upstream?.path]).toEqual(['orders', '/v1/orders/acme/7?x=1']);
  const headers = new Map(upstream?.headers);
  expect(headers.get('user-id')).toBe('ann');
  expect(headers.get('accept')).toBe('a/b');
  expect([...headers.keys()].filter((name) => /authorization|user_id/i.test(name))).toEqual([]);
});

test.each(['x-forwarded', 'forwarded'] as const)(
  'headers specify no client if none is given: %s',
  (forwardedHeaders) => {
    const headersFor = (client: string | null) => {
      const request = { host: 'api.example.test', target: '/v1/orders/acme/7', client };
      const forwarding = { ...config, server: { ...config.server, forwardedHeaders } };
      return new Map(explained(forwarding, request, { ...ann, roles: ['admin'] }).upstream?.headers);
    };
    expect(headersFor(null).get('x-real-ip')).toBe('(address of the client)');
    expect(headersFor('192.0.2.9').get('x-real-ip')).toBe('192.0.2.9');
    expect([...headersFor(null).values()].filter((value) => /\d+\.\d+\.\d+\.\d+/.test(value))).toEqual([]);
  },
);
