/** Properties of the canonical path that hold for every input, however it is spelled. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalPath, isCanonical } from '../../../src/core/url/canonical-path.ts';

/** Pieces of attacks, so random paths contain them often. */
const pieces = [
  ...['/', '//', '.', '..', '%2e', '%2E', '%2f', '%2F', '%5c', '\\', ';', '%3b', '%25', '%252f', '%252e', '%00', '%0a'],
  ...[
    '%25%32',
    '%25%36',
    '%',
    '%2',
    '%zz',
    '%61',
    '%41',
    '%7e',
    '%c3%a9',
    '%c0%ae',
    '%ff',
    '%32',
    '%66',
    'a',
    'b',
    'Z',
    '~',
    '@',
    '%40',
  ],
  ...[' ', '\t', '\x7f', '|', '#', '\u20ac', '\ud800'],
];
const attack = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => `/${parts.join('')}`);
const anything = fc.string({ unit: 'binary', maxLength: 30 }).map((text) => `/${text}`);
const path = fc.oneof(attack, anything);
const runs = { numRuns: 3_000 };

test('canonicalization is idempotent', () => {
  fc.assert(
    fc.property(path, (input) => {
      const read = canonicalPath(input);
      if (typeof read === 'string') return;
      // A segment that ".." removed keeps its mark: services may read such a path differently.
      const again = canonicalPath(read.path);
      if (typeof again === 'string') throw new Error(`refused when read again: ${again}`);
      expect(again.path).toBe(read.path);
      expect(again.ambiguities & ~read.ambiguities).toBe(0);
    }),
    runs,
  );
});

test('no result contains a dot segment, an empty segment, a backslash, a control character or a raw byte beyond ASCII', () => {
  fc.assert(
    fc.property(path, (input) => {
      const read = canonicalPath(input);
      if (typeof read === 'string') return;
      expect(read.path).toMatch(/^\/[!-~]*$/);
      expect(read.path).not.toMatch(/\/\/|\\|[#?]|%5C|%0|%1|%7F/);
      for (const name of read.path.split(/\/|%2F/)) expect(name.split(/;|%3B/)[0]).not.toMatch(/^\.{1,2}$/);
      expect(read.path).not.toMatch(/%(?![0-9A-F]{2})/);
    }),
    runs,
  );
});

test('a result decodes as UTF-8, to the same text as the input when nothing is removed', () => {
  fc.assert(
    fc.property(path, (input) => {
      const read = canonicalPath(input);
      if (typeof read === 'string') return;
      const text = decodeURIComponent(read.path);
      if (input.split('/').some((name) => name === '.' || name === '..') || input.includes('//')) return;
      expect(text).toBe(decodeURIComponent(input));
    }),
    runs,
  );
});

test('a canonical path is its own canonical form, without a mark', () => {
  fc.assert(
    fc.property(path, (input) => {
      if (isCanonical(input)) expect(canonicalPath(input)).toEqual({ path: input, unmerged: null, ambiguities: 0 });
    }),
    runs,
  );
});

test('a path of plain names is canonical', () => {
  const name = fc.stringMatching(/^[a-z0-9~_-]{1,8}$/);
  fc.assert(
    fc.property(fc.array(name, { maxLength: 5 }), (names) => {
      expect(isCanonical(`/${names.join('/')}`)).toBe(true);
    }),
  );
});
