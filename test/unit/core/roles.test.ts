/** Role inheritance: who holds what, and that it ends. */
import { describe, expect, test } from 'vitest';
import { compileRoles, rolesThatGrant } from '../../../src/core/policy/roles.ts';
import { roles } from './make-policy.ts';

describe('who holds a role', () => {
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

  test('through two ways at once', () => {
    const table = compileRoles(
      new Map([
        ['base', []],
        ['left', ['base']],
        ['right', ['base']],
        ['top', ['left', 'right']],
      ]),
    );
    expect([...rolesThatGrant('base', table)].sort()).toEqual(['base', 'left', 'right', 'top']);
  });
});

describe('inheritance that never ends is refused', () => {
  test.each([
    ['itself', [['a', ['a']]]],
    [
      'two',
      [
        ['a', ['b']],
        ['b', ['a']],
      ],
    ],
    [
      'three behind a way in',
      [
        ['in', ['a']],
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['a']],
      ],
    ],
  ] as [string, [string, string[]][]][])('%s', (_name, entries) => {
    expect(() => compileRoles(new Map(entries))).toThrow(RangeError);
    expect(() => compileRoles(new Map(entries))).toThrow(/a/);
  });

  test('a long chain is no circle', () => {
    const chain = Array.from({ length: 500 }, (_, i): [string, string[]] => [`r${i}`, i === 0 ? [] : [`r${i - 1}`]]);
    expect(rolesThatGrant('r0', compileRoles(new Map(chain))).size).toBe(500);
  });
});
