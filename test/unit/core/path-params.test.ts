import { expect, test } from 'vitest';
import { compilePattern } from '../../../src/core/url/compile-pattern.ts';
import { pathParam } from '../../../src/core/url/path-pattern.ts';

test.each([
  ['/v1/orders/{tenant}/{id}', '/v1/orders/acme/7', 'tenant', 'acme'],
  ['/v1/orders/{tenant}/{id}', '/v1/orders/acme/7', 'id', '7'],
  ['/v1/orders/{tenant}/{id}', '/v1/orders/acme/7', 'other', null],
  ['/{a}/**', '/x/y/z', 'a', 'x'],
  ['/{a}/**', '/x', 'a', 'x'],
  ['/**', '/x/y', 'a', null],
  ['/{a}/x', '/a%2Fb/x', 'a', 'a%2Fb'],
])('%s of %s: %s is %s', (pattern, path, name, value) => {
  expect(pathParam(compilePattern(null, pattern), path, name)).toBe(value);
});
