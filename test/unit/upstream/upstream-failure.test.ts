import { describe, expect, it } from 'vitest';
import { reasonOfFailure, unsendable } from '../../../src/upstream/upstream-failure.ts';
import { type HopFailureCode, hopError } from '../../../src/upstream/wire/hop-error.ts';

const codes: readonly [HopFailureCode, boolean, string][] = [
  ['closed', false, 'upstream_failed'],
  ['broken', false, 'upstream_failed'],
  ['unreachable', false, 'upstream_failed'],
  ['answer_invalid', false, 'upstream_answer_invalid'],
  ['head_too_large', false, 'upstream_answer_invalid'],
  ['closed', true, 'upstream_answer_invalid'],
  ['broken', true, 'upstream_answer_invalid'],
];

describe('reasonOfFailure', () => {
  it.each(codes)('%s, head broken off: %s is %s', (code, headBroken, reason) => {
    expect(reasonOfFailure(hopError(code), headBroken)).toBe(reason);
  });

  it('of bytes that the parser of Node does not take', () => {
    const error = Object.assign(new Error('no'), { code: 'HPE_INVALID_CONSTANT' });
    expect(reasonOfFailure(error, false)).toBe('upstream_answer_invalid');
  });

  it('of a fault that is none of the connection', () => {
    expect(reasonOfFailure(new Error('what'), false)).toBe('upstream_failed');
  });
});

describe('unsendable', () => {
  it.each([
    ['unsendable', true],
    ['unreachable', false],
  ] as const)('%s: %s', (code, refused) => {
    expect(unsendable(hopError(code))).toBe(refused);
  });
});
