/** The scanner expression in `docs/guides/api-keys.md` and the shape of keys next to it accept the same keys. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { hasShape } from '../../../src/core/credential/shape.ts';
import { blocksOf } from '../../support/markdown-page.ts';

const blocks = blocksOf(readFileSync('docs/guides/api-keys.md', 'utf8'));
const textOf = (kind: string, words: string) =>
  blocks.find(({ language, info, text }) => `${language} ${info}`.trim() === kind && text.includes(words))!.text;

function shapes() {
  const text = textOf('yaml', 'version: 1');
  const read = parseConfig(text, { file: 'page', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error('the page has no configuration');
  return read.config.credentials.apiKey!.shapes;
}

function scanner(): RegExp {
  const [, written] = /^regex = '''(.+)'''$/m.exec(textOf('toml scanner', 'regex'))!;
  return new RegExp(written!);
}

test("the page's key is valid", () => {
  const [key] = /acme_\w{32}/.exec(textOf('js', 'acme_'))!;
  expect(hasShape(key, shapes())).toBe(true);
  expect(scanner().exec(`key: "${key}"`)?.[0]).toBe(key);
});

const letters = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz');
const rest = (min: number, max: number) =>
  fc.array(letters, { minLength: min, maxLength: max }).map((all) => all.join(''));

test('both accept the same keys', () => {
  fc.assert(
    fc.property(fc.constantFrom('acme_', 'acme-', 'ACME_'), rest(30, 34), (prefix, key) => {
      const text = prefix + key;
      expect(scanner().exec(text)?.[0] === text).toBe(hasShape(text, shapes()));
    }),
  );
  fc.assert(fc.property(rest(32, 32), (key) => hasShape(`acme_${key}`, shapes())));
});
