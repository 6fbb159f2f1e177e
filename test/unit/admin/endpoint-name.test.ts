/**
 * Maps a path of the admin port to an endpoint name. Paths come from callers without a token, so matching must stay
 * linear in their length.
 */
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
])('%j maps to %j', (path, name) => {
  expect(endpointName(path, endpoints)).toBe(name);
});

test('scans a long segment before the last slash once', () => {
  expect(endpointName(`/${'a'.repeat(200_000)}/`, endpoints)).toBe('(none)');
});
