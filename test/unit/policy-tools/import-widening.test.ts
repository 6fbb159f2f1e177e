/** Sources that a careless import would open: whatever they protect must stay closed. */
import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import type { Identity } from '../../../src/core/identity/identity.ts';
import { sampleIdentity } from '../../../src/policy-model/samples/sample-identity.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { imported } from './imported.ts';

/** Whether `GET https://HOST/PATH` is allowed. */
function allows(config: Config, url: string, identity: Identity | null = null): boolean {
  const { host, pathname } = new URL(url);
  const request = { method: 'GET', host, target: pathname, secure: true, headers: [], client: '203.0.113.7' };
  const { view, resolution } = simulate(request, identity, config.credentials);
  return (decide(view, policyOf(config), () => resolution) as Decision).outcome === 'allow';
}

const openApi = (paths: object, schemes: object = { token: { type: 'http', scheme: 'bearer' } }) =>
  JSON.stringify({ openapi: '3.1.0', components: { securitySchemes: schemes }, paths });

test('a security scheme for administrators is not one for users', () => {
  const { config } = imported(
    openApi(
      {
        '/orders': { get: { security: [{ user: [] }] } },
        '/admin': { get: { security: [{ admin: [] }] } },
      },
      { user: { type: 'http', scheme: 'bearer' }, admin: { type: 'http', scheme: 'bearer' } },
    ),
  );
  const open = ['/orders', '/admin'].filter((path) => allows(config, `https://a.test${path}`, sampleIdentity));
  expect(open).toEqual([]);
});

test('scopes of an operation in another file are not dropped', () => {
  const source = { ...JSON.parse(openApi({ '/x': { get: { $ref: './x.yaml#/get' } } })), security: [{ token: [] }] };
  const { config } = imported(JSON.stringify(source));
  expect(allows(config, 'https://a.test/x', sampleIdentity)).toBe(false);
});

test('refuses access rules of Oathkeeper, which match nothing without methods and have several issuers', () => {
  const rule = { id: 'r', match: { url: 'https://a.test/<.*>' }, authenticators: [{ handler: 'noop' }] };
  expect(() =>
    imported(JSON.stringify([{ ...rule, authorizer: { handler: 'allow' }, upstream: { url: 'http://s' } }])),
  ).toThrow(/--from/);
});

test('merges YAML merge keys', () => {
  const { config } = imported(`openapi: 3.1.0
components: { securitySchemes: { token: { type: http, scheme: bearer } } }
security: []
x-closed: &closed { security: [{ token: [] }] }
paths:
  /x: { get: { <<: *closed, operationId: x } }
`);
  expect(allows(config, 'https://a.test/x')).toBe(false);
  expect(allows(config, 'https://a.test/x', sampleIdentity)).toBe(true);
});
