/** Loop detection by `Via` (RFC 9110 section 7.6.3). */
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { countPasses } from '../../../src/core/request/via.ts';
import { cpuMs } from '../../support/cpu-time.ts';
import { makePolicy, view } from './make-policy.ts';

const rule = { name: 'edge', passes: 2 };

test.each([
  ['nothing', '', 0],
  ['other gateways', '1.1 other, 1.0 fred', 0],
  ['once', '1.1 edge', 1],
  ['the name in another case', '1.1 EDGE', 1],
  ['with a protocol name', 'HTTP/1.1 edge', 1],
  ['twice', '1.1 edge, 1.1 other, 1.1 edge', 2],
  ['too often', '1.1 edge, 1.1 edge, 1.1 edge', -1],
  ['a longer name', '1.1 edges, 1.1 edge.test, 1.1 edge:80', 0],
  ['with a comment', '1.1 edge (Rolegate)', 1],
  ['with a comment without a preceding space', '1.1 edge(x)', 1],
  ['in a comment', '1.1 other (1.1 edge, 1.1 edge, 1.1 edge)', 0],
  ['in a nested comment', '1.1 other ((a), 1.1 edge)', 0],
  ['after an escaped parenthesis in a comment', '1.1 other (a\\), 1.1 edge), 1.1 edge', 1],
  ['after an unclosed comment', '1.1 other (1.1 edge, 1.1 edge, 1.1 edge', 0],
  ['an unopened closing parenthesis', '1.1 other), 1.1 edge', 1],
  ['spaces and empty elements', ' , ,\t1.1\tedge , ,', 1],
  ['only a name', 'edge', 0],
])('%s', (_name, value, expected) => {
  expect(countPasses(value, rule, 0)).toBe(expected);
});

test('the cost of a long value is linear', () => {
  const took = cpuMs(() => {
    for (const part of ['(', ' ', '\\', ',', '1.1 edg (']) countPasses(part.repeat(60_000), rule, 0);
  });
  expect(took).toBeLessThan(2_000);
});

describe('requests', () => {
  const policy = { ...makePolicy([{ on: '/a', access: 'authenticated' }]), via: rule };
  const ask = (headers: readonly string[], with_ = policy) => {
    const decision = decide(view('GET /a', headers), with_, () => expect.fail('the resolver was called'));
    return decision instanceof Promise ? expect.fail('the decision is a promise') : [decision.stage, decision.reason];
  };

  test.each([
    ['that have passed as often as allowed', ['Via: 1.1 edge', 'via: 1.1 edge'], ['extract', 'credential_missing']],
    [
      'that have passed once more',
      ['Via: 1.1 edge, 1.1 other', 'VIA: 1.1 edge', 'Via: 1.1 edge'],
      ['normalize', 'loop_detected'],
    ],
    ['through many others', [`Via: ${'1.1 other, '.repeat(50)}1.1 edge`], ['extract', 'credential_missing']],
  ])('%s', (_name, headers, expected) => {
    expect(ask(headers)).toEqual(expected);
  });

  test('are refused at the first pass when none is allowed', () => {
    expect(ask(['Via: 1.1 edge'], { ...policy, via: { name: 'edge', passes: 0 } })[1]).toBe('loop_detected');
    expect(ask([], { ...policy, via: { name: 'edge', passes: 0 } })[1]).toBe('credential_missing');
  });
});
