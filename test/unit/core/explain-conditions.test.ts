/** How an explanation describes each condition: what was compared, the result, and why a value cannot be read. */
import { expect, test } from 'vitest';
import type { ConditionFacts } from '../../../src/core/policy/conditions.ts';
import { compileConditions } from '../../../src/core/policy/conditions.ts';
import { explainConditions } from '../../../src/core/policy/explain-conditions.ts';
import { addressList } from '../../../src/core/policy/list-file.ts';
import { compilePattern } from '../../../src/core/url/compile-pattern.ts';
import { makeIdentity, roles } from './make-policy.ts';

const facts: ConditionFacts = {
  request: {
    method: 'GET',
    host: 'api.example.test',
    authority: 'api.example.test',
    path: '/v1/other/7',
    unmerged: null,
    query: '?page=1&page=2',
    ambiguities: 0,
  },
  pattern: compilePattern(null, '/v1/{tenant}/{id}'),
  ignoresCase: false,
  rawHeaders: ['X-Region', 'eu'],
  address: null,
  identity: makeIdentity({ groups: ['acme'], roles: ['admin'] }),
  trusted: false,
  nowMs: null,
};

test('reports every criterion, including those after an unmet one', () => {
  const criteria = compileConditions(
    [
      {
        word: 'wrong_tenant',
        unless: ['reporter'],
        condition: {
          subject: { from: 'param', name: 'tenant' },
          comparison: { operator: 'in', operand: { source: { from: 'identity', field: 'groups' } } },
        },
      },
      {
        word: 'wrong_page',
        unless: [],
        condition: {
          any: [
            {
              not: {
                subject: { from: 'query', name: 'page' },
                comparison: { operator: 'equals', operand: { literal: '1' } },
              },
            },
            addressList(['10.0.0.0/8', '::1']),
          ],
        },
      },
      {
        word: 'wrong_region',
        unless: [],
        condition: {
          subject: { from: 'header', name: 'x-region' },
          comparison: { operator: 'in', operand: { literals: new Set(['eu', 'us']) } },
        },
      },
    ],
    roles,
  )!;
  const page = { name: 'query page', value: null, why: 'is present more than once' };
  expect(explainConditions(criteria, facts)).toEqual([
    {
      reason: 'wrong_tenant',
      words: 'param tenant in identity groups, unless reporter',
      name: null,
      policy: null,
      applies: true,
      passed: true,
      truth: 'unmet',
      concerns: true,
      exemptBy: 'admin',
      steps: [
        {
          depth: 0,
          words: 'param tenant in identity groups',
          truth: 'unmet',
          compared: [
            { name: 'param tenant', value: 'other', why: null },
            { name: 'identity groups', value: ['acme'], why: null },
          ],
        },
      ],
    },
    {
      reason: 'wrong_page',
      words: 'any of (not (query page equals "1"); client address in 10.0.0.0/8 or ::1)',
      name: null,
      policy: null,
      applies: true,
      passed: false,
      truth: 'unclear',
      concerns: true,
      exemptBy: null,
      steps: [
        { depth: 0, words: 'any', truth: 'unclear', compared: [] },
        { depth: 1, words: 'not', truth: 'unclear', compared: [] },
        { depth: 2, words: 'query page equals "1"', truth: 'unclear', compared: [page] },
        {
          depth: 1,
          words: 'client address in 10.0.0.0/8 or ::1',
          truth: 'unclear',
          compared: [{ name: 'client address', value: null, why: 'is unknown' }],
        },
      ],
    },
    {
      reason: 'wrong_region',
      words: 'header x-region in ["eu", "us"]',
      name: null,
      policy: null,
      applies: true,
      passed: true,
      truth: 'met',
      concerns: true,
      exemptBy: null,
      steps: [
        {
          depth: 0,
          words: 'header x-region in ["eu", "us"]',
          truth: 'met',
          compared: [{ name: 'header x-region', value: '***', why: null }],
        },
      ],
    },
  ]);
});

test('explains a value that a service may read as another text', () => {
  const condition = {
    not: {
      subject: { from: 'param', name: 'tenant' },
      comparison: { operator: 'equals', operand: { literal: 'acme' } },
    },
  } as const;
  const criteria = compileConditions([{ word: 'closed', unless: [], condition }], roles)!;
  const whyOf = (path: string) =>
    explainConditions(criteria, { ...facts, request: { ...facts.request, path } })[0]?.steps[1]?.compared;
  const why = 'may be read by a service as a text that it is compared with';
  expect(whyOf('/v1/Acme/7')).toEqual([{ name: 'param tenant', value: 'Acme', why }]);
  expect(whyOf('/v1/acme/7')).toEqual([{ name: 'param tenant', value: 'acme', why: null }]);
  expect(whyOf('/v1/other/7')).toEqual([{ name: 'param tenant', value: 'other', why: null }]);
});
