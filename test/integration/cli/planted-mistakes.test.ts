/**
 * Authors' mistakes, planted one by one into the example of a tenant platform: whether `validate` or `test` finds each
 * one, by which words, and what `diff` reports.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { diffText } from '../../../src/cli/diff/diff-text.ts';
import { compareConfigs } from '../../../src/cli/diff.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { findingsOf } from '../../support/tool-results.ts';

interface Planted {
  readonly mistake: string;
  readonly from: string;
  readonly to: string;
  /** Words of a problem or a finding; unset: `validate` finds nothing. */
  readonly validate?: string;
  /** Words of a failing case, or of a problem in the tests; unset: all pass, or the file does not load. */
  readonly test?: string;
  /** Words of a difference; unset: none, or the file does not load. */
  readonly diff?: string;
}

const planted: readonly Planted[] = [
  {
    mistake: 'a wrong role',
    from: 'folders" }\n    upstream: documents\n    access: { GET: [viewer], POST: [editor] }',
    to: 'folders" }\n    upstream: documents\n    access: { GET: [viewer], POST: [viewer] }',
    test: 'POST api.example.test/t/acme/folders as sue: expected refuse, got allow',
    diff: '+ folders  POST',
  },
  {
    mistake: 'a misspelled role',
    from: '"GET,POST,DELETE": [owner]',
    to: '"GET,POST,DELETE": [onwer]',
    validate: 'the role "onwer" is not declared under "roles" (did you mean "owner"?)',
  },
  {
    mistake: 'a public wildcard over a whole host',
    from: 'path: "/status", methods',
    to: 'path: "/**", methods',
    validate: 'this route and "site" (line 64) both match GET http://www.example.test/anything',
  },
  {
    mistake: 'a public wildcard that is too wide',
    from: 'path: "/api/auth/v2/**"',
    to: 'path: "/{any}/**"',
    test: 'GET www.example.test/logos/acme/logo.exe without a credential: expected route site, got auth',
    diff: '+ no route -> auth  every method',
  },
  {
    mistake: 'a condition on the wrong parameter',
    from: '{ param: user, equals: identity.userId, reason: not_yours }',
    to: '{ param: tenant, equals: identity.userId, reason: not_yours }',
    validate: '"user" is not compared here, although "member" compares it (not_yourself): a caller can use any value',
    test: 'GET api.example.test/t/acme/members/vic/preferences as vic: expected allow, got refuse (not_yours)',
    diff: 'GET https://api.example.test/t/anyone/members/any/preferences',
  },
  {
    mistake: 'a named condition on a parameter that the policy does not have',
    from: 'same_tenant: { param: tenant, in',
    to: 'same_tenant: { param: user, in',
    validate: '"match.path" has no parameter "user" (known: tenant)',
  },
  {
    mistake: 'a forgotten tenant check',
    from: '    when: [same_tenant]\n    unless: [support]\n',
    to: '',
    validate: 'the condition "same_tenant" is not used',
    test: 'nothing refuses with the reason "wrong_tenant"',
    diff: 'wrong_tenant',
  },
  {
    mistake: 'a policy over a part of what it should guard',
    from: 'path: "/t/{tenant}/**" }\n    access: { none: [suspended] }',
    to: 'path: "/t/{tenant}/documents/**" }\n    access: { none: [suspended] }',
    validate:
      '"tenant" is not compared here, although "documents" compares it (wrong_tenant): a caller can use any value',
    test: 'GET api.example.test/t/acme/folders as left: expected refuse, got allow',
    diff: '+ folders, folder, events, tenant, member  GET, HEAD',
  },
  {
    mistake: 'a policy for a host that does not exist',
    from: 'match: { host: console.example.test }\n    access',
    to: 'match: { host: consle.example.test }\n    access',
    validate: 'the policy "console-guard" (consle.example.test/**) applies to no route',
    test: 'nothing refuses with the reason "certificate_needed"',
    diff: 'certificate_needed',
  },
  {
    mistake: 'every method opened',
    from: 'access: { GET: [viewer], "PUT,PATCH": [editor], DELETE: [owner] }',
    to: 'access: [editor]',
    test: 'as no-owner: expected refuse, got allow; expected reason role_missing, got none',
    diff: '+ document  OPTIONS, POST, any other',
  },
  {
    mistake: 'a misspelled host',
    from: 'host: api.example.test, path: "/t/{tenant}/payment"',
    to: 'host: api.exmaple.test, path: "/t/{tenant}/payment"',
    validate: 'the host "api.exmaple.test" differs by one letter from "api.example.test" of other routes',
    test: 'expected route payment, got rest-of-tenant',
    diff: '+ no route -> payment  GET, HEAD, PUT',
  },
  {
    mistake: 'a role that inherits too much',
    from: 'support: { inherits: [viewer] }',
    to: 'support: { inherits: [owner] }',
    test: 'POST api.example.test/t/acme/folders as sue: expected refuse, got allow',
    diff: 'role support',
  },
  {
    mistake: 'a role that lost its scope',
    from: 'billing: { scopedBy: tenant }',
    to: 'billing: {}',
    validate: 'a role that is held in one {tenant} cannot inherit "billing", which is held everywhere',
  },
  {
    mistake: 'a lost "not"',
    from: 'not: { param: user, equals: identity.userId }, reason: not_yourself }]\n  - id: member-roles',
    to: 'param: user, equals: identity.userId, reason: not_yourself }]\n  - id: member-roles',
    test: 'DELETE api.example.test/t/acme/members/vic as oli: expected allow, got refuse (not_yourself)',
    diff: '+ member  DELETE',
  },
  {
    mistake: 'a bound that is off by one',
    from: 'second_factor: { identity: claims.level, gte: 2 }',
    to: 'second_factor: { identity: claims.level, gte: 1 }',
    test: 'as lazy: expected refuse, got allow; expected reason second_factor, got none',
    diff: 'identity claims.level is at least 1',
  },
  {
    mistake: 'a reversed bound',
    from: '{ param: year, gte: 2020',
    to: '{ param: year, lte: 2020',
    test: 'GET api.example.test/t/acme/bills/2026/7.pdf as sue: expected allow, got refuse (archived)',
    diff: 'GET https://api.example.test/t/any/bills/1/1.pdf',
  },
  {
    mistake: 'one plan too many',
    from: 'in: [team, enterprise] }',
    to: 'in: [free, team, enterprise] }',
    test: 'export.csv as oli: expected refuse, got allow; expected reason paid_plan, got none',
    diff: '+ export  GET, HEAD',
  },
  {
    mistake: 'too many exempt roles',
    from: '    unless: [support]\n',
    to: '    unless: [support, viewer]\n',
    test: 'GET api.example.test/t/acme/folders as left: expected refuse, got allow',
    diff: 'role {scope}:viewer',
  },
  {
    mistake: 'suspended users forgotten',
    from: '    access: { none: [suspended] }\n',
    to: '    access: authenticated\n',
    validate: 'no rule requires the role "suspended"',
    test: 'GET api.example.test/t/acme/folders as gone: expected refuse, got allow',
    diff: 'role suspended',
  },
  {
    mistake: 'an opened catch-all route',
    from: '"/t/{tenant}/**" }, upstream: documents, access: deny',
    to: '"/t/{tenant}/**" }, upstream: documents, access: authenticated',
    test: 'GET api.example.test/t/acme/anything as ops: expected refuse, got allow',
    diff: '+ rest-of-tenant  every method',
  },
  {
    mistake: 'a role forbidden in the wrong place',
    from: '{ any: [auditor, { all: [owner], none: [robot] }] }',
    to: '{ any: [auditor, owner], none: [robot] }',
    test: 'as robot-owner: expected reason role_missing, got role_forbidden',
    diff: '- audit  GET, HEAD',
  },
  {
    mistake: 'a parameter without its shape',
    from: 'documents/{id:uuid}/v{n:int}',
    to: 'documents/{id}/v{n:int}',
    test: 'expected route rest-of-tenant, got version',
    diff: '+ rest-of-tenant -> version  GET, HEAD',
  },
  {
    mistake: "another tool's parameter syntax",
    from: 'path: "/t/{tenant}/audit"',
    to: 'path: "/t/:tenant/audit"',
    validate:
      'the role {tenant}:auditor is held in one {tenant}, and the path "/t/:tenant/audit" has no parameter {tenant}',
  },
  {
    mistake: 'another time zone',
    from: 'zone: Europe/Berlin',
    to: 'zone: Europe/London',
    test: 'as sue (3): expected refuse, got allow; expected reason office_hours, got none',
    diff: '2027-01-04T17:00:00Z',
  },
  {
    mistake: 'an expired temporary route',
    from: 'notBefore: 2098-11-01T00:00:00Z\n    notAfter: 2099-01-01',
    to: 'notBefore: 2025-11-01T00:00:00Z\n    notAfter: 2026-01-01',
    validate: 'this route has been closed since 2026-01-01T00:00:00Z',
    test: 'POST api.example.test/t/acme/takeover as oli: expected allow, got refuse (access_not_active)',
    diff: '- takeover  POST',
  },
  {
    mistake: 'a header that clients may set',
    from: 'x-client-cert-verified: trusted',
    to: 'x-client-cert-verified: any',
    test: 'GET console.example.test/tenants as sue (2): expected refuse, got allow',
    diff: 'x-client-cert-verified: SUCCESS\n',
  },
  {
    mistake: 'people treated as robots',
    from: '{ field: kind, equals: keyPair }',
    to: '{ field: kind, equals: bearer }',
    test: 'POST api.example.test/t/acme/usage as meter: expected allow, got refuse (role_missing)',
    diff: '+ usage  POST',
  },
  {
    mistake: 'a condition for the wrong method',
    from: '{ methods: [POST], identity: claims.level',
    to: '{ methods: [GET], identity: claims.level',
    test: 'POST api.example.test/t/acme/api-keys as lazy: expected refuse, got allow',
    diff: '+ api-keys  POST',
  },
];

const folder = mkdtempSync(join(tmpdir(), 'rolegate-planted-'));
const file = join(folder, 'tenant-platform.yaml');
const source = readFileSync('config/examples/tenant-platform.yaml', 'utf8');
copyFileSync('config/examples/tenant-platform.test.yaml', join(folder, 'tenant-platform.test.yaml'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string, withTests: boolean) {
  writeFileSync(file, text);
  return loadConfig(file, {}, withTests ? 'found' : 'none');
}

type Read = ReturnType<typeof read>;

const inLines = (lines: readonly { readonly message: string; readonly hint?: string | null }[]) =>
  lines.map(({ message, hint }) => (hint == null ? message : `${message} (${hint})`)).join('\n');

function validated(config: Read): string {
  return inLines(config.ok ? findingsOf(config.config) : config.problems);
}

function tested(config: Read): string {
  if (!config.ok) return inLines(config.problems);
  const { cases } = runTests(config.config, false).report;
  return cases.flatMap(({ name, faults }) => (faults.length === 0 ? [] : [`${name}: ${faults.join('; ')}`])).join('\n');
}

const original = read(source, false);
if (!original.ok) throw new Error(validated(original));
const found = validated(original);

function compared(config: Read): string {
  if (!config.ok || !original.ok) return '';
  const report = compareConfigs(original, config);
  return report.same ? '' : diffText(report, { color: false, width: 110, all: true });
}

describe('a planted mistake', () => {
  it.each(planted)('$mistake', ({ from, to, ...words }) => {
    expect(source.split(from)).toHaveLength(2);
    const text = source.replace(from, () => to);
    const config = read(text, false);
    const seen = {
      validate: validated(config).replace(found, '').trim(),
      test: config.ok ? tested(read(text, true)) : '',
      diff: compared(config),
    };
    for (const tool of ['validate', 'test', 'diff'] as const) {
      const expected = words[tool];
      expect([tool, seen[tool]]).toEqual([tool, expected === undefined ? '' : expect.stringContaining(expected)]);
    }
  });
});

test('each is found before it takes effect, and each one that loads is a difference', () => {
  expect(planted).toHaveLength(28);
  const unfound = planted.filter((one) => one.validate === undefined && one.test === undefined);
  expect(unfound).toEqual([]);
  const unseen = planted.filter(({ diff, test: failing }) => diff === undefined && failing !== undefined);
  expect(unseen).toEqual([]);
});

test('a route made public by mistake stays protected below a policy with access', () => {
  const access = 'methods: [GET, PUT] }\n    upstream: accounts\n    access: ';
  expect(source.split(`${access}authenticated`)).toHaveLength(2);
  const config = read(source.replace(`${access}authenticated`, `${access}public`), false);
  expect(config.ok).toBe(true);
  expect(compared(config)).toBe('');
});
