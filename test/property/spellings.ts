/** Arbitrary spellings of paths: every trick in the attack tables, combined at random. */
import fc from 'fast-check';

const words = ['admin', 'admin', 'items', 'private', 'public', 'files', 'params', 'x', '1', 'a', ''];
const dots = [
  '.',
  '..',
  '..',
  '...',
  '%2e%2e',
  '%2E.',
  '.%2e',
  '%252e%252e',
  '..;',
  '..;a=b',
  '..%00',
  '.%00.',
  '%u002e.',
  '%c0%ae.',
  '%E3%80%82%E3%80%82',
  '.%EF%BD%A1',
];
const slashes = [
  '/',
  '/',
  '/',
  '/',
  '//',
  '///',
  '/./',
  '\\',
  '%2f',
  '%2F',
  '%5c',
  '%5C',
  '%252f',
  '/;/',
  '/;a=b/',
  '%c0%af',
  ';/',
  '/%09/',
  '%C2%A5',
  '%E2%88%96',
  './',
  '%20/',
  '%C2%85/',
  '%3F',
  '%23/',
];

/**
 * Writes a text in a form that a lenient parser reads back: letters as escapes of several kinds, other case, spaces.
 */
function disguised(text: string): fc.Arbitrary<string> {
  const characters = [...text].map((character) => {
    const code = character.charCodeAt(0);
    const hex = code.toString(16).padStart(2, '0');
    return fc.oneof(
      { weight: 12, arbitrary: fc.constant(character) },
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          `%${hex}`,
          `%${hex.toUpperCase()}`,
          `%25${hex}`,
          `%u00${hex}`,
          `%${hex[0]}%3${hex[1]}`,
          `%25%3${hex[0]}${hex[1]}`,
          `%c${code >> 6}%${(0x80 | (code & 0x3f)).toString(16)}`,
          character.toUpperCase(),
          `${character}%00`,
          `${character};`,
          `%0a${character}`,
          `\t${character}`,
          `${character}%C2%AD`,
          `${character}%E2%80%8D`,
        ),
      },
    );
  });
  return fc.tuple(...characters).map((parts) => parts.join(''));
}

const segment = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...words).chain(disguised) },
  { weight: 3, arbitrary: fc.constantFrom(...dots) },
  { weight: 1, arbitrary: fc.constantFrom(...words) },
  { weight: 1, arbitrary: fc.string({ maxLength: 6, unit: 'binary-ascii' }) },
);

const path = fc
  .array(fc.tuple(fc.constantFrom(...slashes), segment), { minLength: 1, maxLength: 7 })
  .map((parts) => parts.flat().join(''));

const front = fc.oneof(
  { weight: 10, arbitrary: fc.constant('') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'http://a.test',
      'HTTP://A.test',
      'http://a.test:80',
      'http://b.test',
      'http:',
      '//a.test',
      '*',
      'http://u@a.test',
      ' ',
    ),
  },
);
const back = fc.oneof(
  { weight: 10, arbitrary: fc.constant('') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '?',
      '?x=/../admin',
      '?x=%2e%2e',
      '#',
      '#/../admin',
      '/',
      '/.',
      '/..',
      '%',
      '%2',
      '?a#b',
      '??',
      '?\u00e9',
    ),
  },
);

/** Targets that may lead to the guarded path, or nowhere. */
export const targets = fc.tuple(front, path, back).map((parts) => parts.join(''));

/** The guarded path itself, in a spelling that some parser decodes. */
export const guardedTargets = fc
  .tuple(
    fc.array(fc.constantFrom('/x/..', '/.', '/', '/a/b/../..', '/x;/..', '/%2e', '/..', '/x%2f..', '/%252e%252e'), {
      maxLength: 3,
    }),
    fc.constantFrom(...slashes),
    disguised('admin'),
    fc.constantFrom(...slashes, ''),
    fc.constantFrom('x', '', '..', 'x/..', '%2e'),
    back,
  )
  .map(([prefix, slash, name, separator, rest, end]) => `${prefix.join('')}${slash}${name}${separator}${rest}${end}`);
