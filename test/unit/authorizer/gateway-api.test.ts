import { expect, test } from 'vitest';
import { endpointsOf } from '../../../src/authorizer/dialects.ts';

const dialectAt = (path: string) =>
  endpointsOf({ 'gateway-api': '/gateway-api', haproxy: '/haproxy' }).get(path)!.dialect;

test('does not trust the scheme that a client claims, but trusts that of a proxy', () => {
  const claimed = ['X-Forwarded-Proto', 'https'];
  const check = { method: 'GET', rest: '', rawHeaders: ['Host', 'a.test', 'Method', 'POST', 'Path', '/x', ...claimed] };
  expect(dialectAt('/gateway-api').read(check)).toMatchObject({
    method: 'POST',
    target: '/x',
    secure: false,
    rawHeaders: [],
  });
  const stated = [
    'X-Original-Method',
    'GET',
    'X-Original-URI',
    '/x',
    'X-Original-Host',
    'a.test',
    'X-Real-IP',
    '192.0.2.7',
  ];
  expect(dialectAt('/haproxy').read({ method: 'GET', rest: '', rawHeaders: [...stated, ...claimed] })).toMatchObject({
    secure: true,
  });
});
