import { expect, test } from 'vitest';
import { ClientError, type ClientErrorCode } from '../../../src/http1/client/client-error.ts';
import { reasonOfFailure } from '../../../src/upstream/upstream-request.ts';

test.each<[ClientErrorCode, boolean, string]>([
  ['closed', false, 'upstream_failed'],
  ['broken', false, 'upstream_failed'],
  ['unreachable', false, 'upstream_failed'],
  ['response_invalid', false, 'upstream_response_invalid'],
  ['head_too_large', false, 'upstream_response_invalid'],
  ['closed', true, 'upstream_response_invalid'],
  ['broken', true, 'upstream_response_invalid'],
])('%s, head broken off: %s is %s', (code, headBroken, reason) => {
  expect(reasonOfFailure(new ClientError(code), headBroken)).toBe(reason);
});
