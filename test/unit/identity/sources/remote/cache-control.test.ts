import { describe, expect, it } from 'vitest';
import { keepableMs } from '../../../../../src/identity/sources/remote/cache-control.ts';

const forever = Number.POSITIVE_INFINITY;

describe('keepableMs', () => {
  it.each<[string, Record<string, string>, number]>([
    ['no header', {}, forever],
    ['max-age', { 'cache-control': 'max-age=20' }, 20_000],
    ['s-maxage before max-age', { 'cache-control': 'max-age=20, s-maxage=5' }, 5_000],
    ['s-maxage before a shorter max-age', { 'cache-control': 's-maxage=50, max-age=20' }, 50_000],
    ['the age of the response', { 'cache-control': 'max-age=20', age: '15' }, 5_000],
    ['a response older than its max-age', { 'cache-control': 'max-age=20', age: '21' }, 0],
    ['an invalid age', { 'cache-control': 'max-age=20', age: 'old' }, 20_000],
    ['no-store', { 'cache-control': 'max-age=20, no-store' }, 0],
    ['no-cache', { 'cache-control': 'No-Cache' }, 0],
    ['no-cache for one header', { 'cache-control': 'no-cache="set-cookie"' }, 0],
    ['private', { 'cache-control': 'private, max-age=7' }, 7_000],
    ['quotes', { 'cache-control': 'max-age="7"' }, 7_000],
    ['spaces and capitals', { 'cache-control': ' MAX-AGE = 7 ' }, 7_000],
    ['two values, the shorter wins', { 'cache-control': 'max-age=9, max-age=7' }, 7_000],
    ['a negative number', { 'cache-control': 'max-age=-1' }, 0],
    ['a fraction', { 'cache-control': 'max-age=1.5' }, 0],
    ['a missing number', { 'cache-control': 'max-age' }, 0],
    ['irrelevant directives', { 'cache-control': 'must-revalidate, public, x=no-store' }, forever],
    ['an age without a limit', { age: '100' }, forever],
  ])('%s', (_, headers, expected) => {
    expect(keepableMs(headers)).toBe(expected);
  });
});
