/** The table of what the model knows of each kind: no kind is without a row, and each row names files that exist. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { credentialKinds } from '../../../src/core/credential/credential.ts';
import { sourceKinds } from '../../../src/core/identity/authentication.ts';
import { sourcesIn } from '../../../src/core/policy/conditions.ts';
import { conditionRows, credentialRows, sourceRows, valueRows } from '../../../src/policy-model/kinds.ts';
import { policyFile } from '../policy-tools/policies.ts';

test('every kind of credential and source has a row', () => {
  expect(Object.keys(credentialRows)).toEqual([...credentialKinds]);
  expect(Object.keys(sourceRows)).toEqual([...sourceKinds]);
});

test('every kind of condition and value that a file can contain has a row', () => {
  const { config } = policyFile(`server: { trustedProxies: ["10.0.0.0/8"] }
identity: { claims: { plan: { field: plan, type: string } } }
conditions: { headers: { x-h: any } }
routes:
  - id: all
    match: { path: "/{id}" }
    upstream: orders
    access: authenticated
    maxAuthAge: 1h
    notAfter: 2099-01-01T00:00:00Z
    when:
      - { param: id, equals: query.q, reason: a }
      - { header: x-h, equals: x, reason: b }
      - { identity: userId, equals: x, reason: c }
      - { identity: claims.plan, equals: x, reason: d }
      - { client: address, cidr: "10.0.0.0/8", reason: e }
      - { time: { from: "08:00", to: "18:00", zone: Etc/UTC }, reason: f }
`);
  const steps = config.routes.routes.flatMap(({ conditions }) => (conditions ?? []).flatMap((one) => one.steps));
  const kinds = steps.map(({ kind }) => kind).filter((kind) => !['all', 'any', 'not'].includes(kind));
  expect(new Set(Object.keys(conditionRows))).toEqual(new Set(kinds));
  expect(new Set(Object.keys(valueRows))).toEqual(new Set(steps.flatMap(sourcesIn).map(({ from }) => from)));
});

test('rows name files that exist', () => {
  const rows = [conditionRows, valueRows, credentialRows, sourceRows].flatMap((table) => Object.values(table));
  for (const row of rows) for (const file of Object.values(row)) expect(existsSync(`src/${file}`), file).toBe(true);
});
