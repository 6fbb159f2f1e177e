import { expect, test } from 'vitest';
import { gatewayApi } from '../../../src/authorizer/gateway-api.ts';
import { haproxy } from '../../../src/authorizer/haproxy.ts';

test('does not trust the scheme that a client claims, but trusts that of a proxy', () => {
  const claimed = ['X-Forwarded-Proto', 'https'];
  const check = { method: 'GET', rest: '', rawHeaders: ['Host', 'a.test', 'Method', 'POST', 'Path', '/x', ...claimed] };
  expect(gatewayApi.read(check)).toMatchObject({ method: 'POST', target: '/x', secure: false, rawHeaders: [] });
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
  expect(haproxy.read({ method: 'GET', rest: '', rawHeaders: [...stated, ...claimed] })).toMatchObject({
    secure: true,
  });
});
