/** Which endpoint a path of the admin port names. Paths come from callers without a token, and no path may take long to read. */
import { expect, test } from 'vitest';
import { createEndpoints, endpointName } from '../../../src/admin/endpoints.ts';
import { adminOptions } from '../../integration/admin/running-admin.ts';

const endpoints = createEndpoints({
  ...adminOptions({}),
  decisions: { find: () => Promise.resolve(null), list: () => Promise.resolve([]) },
});

test.each([
  ['/metrics', '/metrics'],
  ['/decisions', '/decisions'],
  ['/decisions/7', '/decisions/{id}'],
  ['/decisions/', '(none)'],
  ['/decisions/7/8', '(none)'],
  ['/metrics/7', '(none)'],
  ['', '(none)'],
])('%j names %j', (path, name) => {
  expect(endpointName(path, endpoints)).toBe(name);
});

test('a long segment before the last slash is read once', () => {
  expect(endpointName(`/${'a'.repeat(200_000)}/`, endpoints)).toBe('(none)');
});
