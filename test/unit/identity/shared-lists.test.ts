import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedList } from '../../../src/identity/shared-lists.ts';

describe('sharedList', () => {
  it('gives lists of the same names in the same order as one', () => {
    expect(sharedList(['user', 'shared-admin'])).toBe(sharedList(['user', 'shared-admin']));
  });

  it('gives the names as they are, whatever was asked for before', () => {
    const names = fc.array(fc.string({ minLength: 0, maxLength: 3, unit: fc.constantFrom('a', 'b', ',') }));
    fc.assert(
      fc.property(names, (list) => {
        expect(sharedList(list)).toEqual(list);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps orders apart', () => {
    expect(sharedList(['b', 'a'])).toEqual(['b', 'a']);
    expect(sharedList(['a', 'b'])).toEqual(['a', 'b']);
  });

  it('takes a copy, which nobody can change', () => {
    const given = ['user'];
    const list = sharedList(given);
    given.push('admin');
    expect(list).toEqual(['user']);
    expect(sharedList(['user'])).toEqual(['user']);
    expect(Object.isFrozen(list)).toBe(true);
  });

  it('does not remember long lists', () => {
    const long = ['x'.repeat(150), 'y'.repeat(150)];
    expect(sharedList(long)).not.toBe(sharedList(long));
    expect(sharedList(long)).toEqual(long);
  });

  it('forgets lists when there are too many', () => {
    const before = sharedList(['seldom']);
    for (let index = 0; index <= 1_024; index += 1) sharedList([`tenant-${index}`]);
    expect(sharedList(['seldom'])).not.toBe(before);
  });
});
