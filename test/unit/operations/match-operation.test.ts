/**
 * Finds an operation by method and path. Paths come from callers without a credential, so matching must stay linear in their length.
 */
import { expect, test } from 'vitest';
import { compileMatcher } from '../../../src/operations/match-operation.ts';

const operations = [
  { method: 'GET', base: '', paths: ['/'] },
  { method: 'GET', base: '', paths: ['/metrics'] },
  { method: 'GET', base: '/v2', paths: ['/user/{id}', '/user/id/{id}'] },
  { method: 'GET', base: '/v2', paths: ['/user/by-email'] },
  { method: 'DELETE', base: '/v2', paths: ['/user/{id}'] },
  { method: 'POST', base: '/v2', paths: ['/user'] },
];
const match = compileMatcher(operations);

test.each([
  ['GET', '/', '/', {}],
  ['GET', '/metrics', '/metrics', {}],
  ['HEAD', '/metrics', '/metrics', {}],
  ['GET', '/v2/user/7', '/v2/user/{id}', { id: '7' }],
  ['GET', '/v2/user/%37', '/v2/user/{id}', { id: '%37' }],
  ['GET', '/v2/user/id/7', '/v2/user/id/{id}', { id: '7' }],
  ['GET', '/v2/user/by-email', '/v2/user/by-email', {}],
  ['DELETE', '/v2/user/by-email', '/v2/user/{id}', { id: 'by-email' }],
])('%s %s is %s', (method, path, declared, params) => {
  expect(match(method, path)).toMatchObject({ path: declared, params, operation: { paths: expect.anything() } });
});

test.each(['', '//', '/metrics/', '//metrics', '/METRICS', '/metrics/7', '/v2/user/', '/v2/user/7/8', '/__proto__'])(
  'there is no %j',
  (path) => {
    expect(match('GET', path)).toBeNull();
  },
);

test.each([
  ['DELETE', '/metrics', ['GET', 'HEAD']],
  ['HEAD', '/v2/user', ['POST']],
  ['PUT', '/v2/user/by-email', ['DELETE', 'GET', 'HEAD']],
])('%s %s is no operation, but others are', (method, path, allow) => {
  expect(match(method, path)).toMatchObject({ operation: null, allow });
});

test('reads a long path once', () => {
  expect(match('GET', `/${'a'.repeat(200_000)}/`)).toBeNull();
  expect(match('GET', '/'.repeat(200_000))).toBeNull();
});
