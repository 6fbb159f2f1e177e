/** Loops by `Via` (RFC 9110 section 7.6.3). */
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
  ['the case of a name does not count', '1.1 EDGE', 1],
  ['with a protocol name', 'HTTP/1.1 edge', 1],
  ['twice', '1.1 edge, 1.1 other, 1.1 edge', 2],
  ['too often', '1.1 edge, 1.1 edge, 1.1 edge', -1],
  ['a longer name', '1.1 edges, 1.1 edge.test, 1.1 edge:80', 0],
  ['with a comment', '1.1 edge (Rolegate)', 1],
  ['with a comment that has no blank before it', '1.1 edge(x)', 1],
  ['in a comment', '1.1 other (1.1 edge, 1.1 edge, 1.1 edge)', 0],
  ['in a comment in a comment', '1.1 other ((a), 1.1 edge)', 0],
  ['behind an escaped bracket in a comment', '1.1 other (a\\), 1.1 edge), 1.1 edge', 1],
  ['behind a comment that does not close', '1.1 other (1.1 edge, 1.1 edge, 1.1 edge', 0],
  ['a closing bracket without an opening one', '1.1 other), 1.1 edge', 1],
  ['blanks and empty elements', ' , ,\t1.1\tedge , ,', 1],
  ['a name alone', 'edge', 0],
])('%s', (_name, value, expected) => {
  expect(countPasses(value, rule, 0)).toBe(expected);
});

test('a long value costs what its length costs', () => {
  const took = cpuMs(() => {
    for (const part of ['(', ' ', '\\', ',', '1.1 edg (']) countPasses(part.repeat(60_000), rule, 0);
  });
  expect(took).toBeLessThan(2_000);
});

describe('requests', () => {
  const policy = { ...makePolicy([{ on: '/a', access: 'authenticated' }]), via: rule };
  const ask = (headers: readonly string[], with_ = policy) => {
    const decision = decide(view('GET /a', headers), with_, () => expect.fail('asked'));
    return decision instanceof Promise ? expect.fail('a promise') : [decision.stage, decision.reason];
  };

  test.each([
    ['that have come by as often as they may', ['Via: 1.1 edge', 'via: 1.1 edge'], ['extract', 'credential_missing']],
    ['once more', ['Via: 1.1 edge, 1.1 other', 'VIA: 1.1 edge', 'Via: 1.1 edge'], ['normalize', 'loop_detected']],
    ['through many others', [`Via: ${'1.1 other, '.repeat(50)}1.1 edge`], ['extract', 'credential_missing']],
  ])('%s', (_name, headers, expected) => {
    expect(ask(headers)).toEqual(expected);
  });

  test('no passes allowed', () => {
    expect(ask(['Via: 1.1 edge'], { ...policy, via: { name: 'edge', passes: 0 } })[1]).toBe('loop_detected');
    expect(ask([], { ...policy, via: { name: 'edge', passes: 0 } })[1]).toBe('credential_missing');
  });
});
