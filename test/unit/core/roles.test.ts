/** Role inheritance: who has which role. */
import { describe, expect, test } from 'vitest';
import { rolesThatGrant } from '../../../src/core/policy/roles.ts';
import { roles } from './make-policy.ts';

describe('who has a role', () => {
  test.each([
    ['user', ['admin', 'reporter', 'user']],
    ['reporter', ['admin', 'reporter']],
    ['admin', ['admin']],
    ['suspended', ['suspended']],
    ['undeclared', ['undeclared']],
    ['__proto__', ['__proto__']],
  ])('%s', (role, holders) => {
    expect([...rolesThatGrant(role, roles)].sort()).toEqual(holders);
  });

  test('through two paths at once', () => {
    const table = new Map([
      ['base', []],
      ['left', ['base']],
      ['right', ['base']],
      ['top', ['left', 'right']],
    ]);
    expect([...rolesThatGrant('base', table)].sort()).toEqual(['base', 'left', 'right', 'top']);
  });

  test('through a long chain', () => {
    const chain = Array.from({ length: 500 }, (_, i): [string, string[]] => [`r${i}`, i === 0 ? [] : [`r${i - 1}`]]);
    expect(rolesThatGrant('r0', new Map(chain)).size).toBe(500);
  });
});
