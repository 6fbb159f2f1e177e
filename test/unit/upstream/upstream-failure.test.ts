import { describe, expect, it } from 'vitest';
import { reasonOfFailure, refusedByClient } from '../../../src/upstream/upstream-failure.ts';

const withCode = (code: unknown) => Object.assign(new Error('10.0.0.7:8080 said no'), { code });

describe('reasonOfFailure', () => {
  it.each([
    ['a closed connection', withCode('UND_ERR_SOCKET'), false, 'upstream_failed'],
    ['a reset', withCode('ECONNRESET'), false, 'upstream_failed'],
    ['an error without a code', new Error('what'), false, 'upstream_failed'],
    ['a code that is no text', withCode(7), false, 'upstream_failed'],
    ['bytes that are no HTTP', withCode('HPE_INVALID_CONSTANT'), false, 'upstream_answer_invalid'],
    ['headers that are too large', withCode('UND_ERR_HEADERS_OVERFLOW'), false, 'upstream_answer_invalid'],
    ['a head that broke off', withCode('UND_ERR_SOCKET'), true, 'upstream_answer_invalid'],
  ] as const)('%s', (_name, error, headBroken, reason) => {
    expect(reasonOfFailure(error, headBroken)).toBe(reason);
  });
});

describe('refusedByClient', () => {
  it.each([
    ['UND_ERR_INVALID_ARG', true],
    ['UND_ERR_NOT_SUPPORTED', true],
    ['ECONNREFUSED', false],
    [undefined, false],
  ])('%s: %s', (code, refused) => {
    expect(refusedByClient(withCode(code))).toBe(refused);
  });
});
