/** Every key says in which direction it loosens, in a way that fits its values. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Key, keysOf } from '../../../src/config/every-key.ts';
import { jsonSchema } from '../../../src/config/json-schema.ts';
import { references } from '../../../src/config/reference-yaml.ts';
import {
  added,
  anyChange,
  directionInWords,
  higher,
  inWords,
  type Loosening,
  ordered,
} from '../../../src/config/schema/key.ts';
import { metadata, type Schema, unwrap } from '../../../src/config/schema/metadata.ts';
import { anyText, autoOr, bool, boolOr, fraction, integer, word } from '../../../src/config/schema/scalar.ts';
import { duration, moment, momentPattern, size, sizeOrUnlimited } from '../../../src/config/schema/values.ts';
import { authApiFileSchema, configSchema, includedSchema, testFileSchema } from '../../../src/config/schema.ts';

const everyKey = [
  ...keysOf(configSchema),
  ...[includedSchema, testFileSchema, authApiFileSchema].flatMap((schema, file) =>
    keysOf(schema).map((key) => ({ ...key, path: `${file}:${key.path}` })),
  ),
];

const paths = new Set(everyKey.map(({ path }) => path));
const isSection = ({ path }: Key) =>
  [...paths].some((other) => ['.', '['].some((sign) => other.startsWith(path + sign)));

/** What a value of the key can be. */
function kindsOf(schema: Schema): string[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) return ['list'];
  if (inner instanceof z.ZodRecord) return ['mapping', ...kindsOf(inner.valueType)];
  if (inner instanceof z.ZodUnion) return inner.options.flatMap(kindsOf);
  if (inner instanceof z.ZodLiteral) return ['words'];
  const { unit, type, pattern } = metadata(schema);
  if (unit !== undefined || String(pattern).includes(momentPattern)) return ['number'];
  return [type].flat().some((one) => one === 'integer' || one === 'number') ? ['number'] : ['other'];
}

/** The words that the key accepts; null: it accepts other values too. */
function wordsOf(schema: Schema): readonly unknown[] | null {
  const json = z.toJSONSchema(unwrap(schema), { io: 'input', unrepresentable: 'any' });
  if (Array.isArray(json.type) && json.type.includes('boolean') && /true\|false/.test(json.pattern ?? '')) {
    const [, other] = /true\|false\|(\w+)/.exec(json.pattern ?? '') ?? [];
    return [false, true, ...(other === undefined ? [] : [other])];
  }
  return json.anyOf?.map((one) => (typeof one === 'object' ? one.enum : undefined)).find(Array.isArray) ?? null;
}

/** Why a direction is impossible for the values of a key, or null. */
function mistake(schema: Schema, { direction, why, loosest, strictest }: Loosening): string | null {
  if (direction !== 'none' && !/^["a-zA-Z].*[^.]$/.test(why ?? '')) return 'no reason in one line';
  if (direction === 'none' && (loosest ?? strictest) !== undefined) return 'a value outside of no direction';
  if (loosest !== undefined && loosest === strictest) return 'the same value is loosest and strictest';
  if ([loosest, strictest].includes('unset') && z.safeParse(schema, undefined).data !== undefined) return 'never unset';
  const kinds = kindsOf(schema);
  if (typeof direction !== 'string') {
    const words = wordsOf(schema);
    const same =
      words !== null && words.length === direction.length && words.every((word) => direction.includes(word as string));
    return same ? null : `not its words in an order: ${String(words)}`;
  }
  if ((direction === 'higher' || direction === 'lower') && !kinds.includes('number')) return 'no number';
  if (
    (direction === 'added' || direction === 'removed') &&
    !kinds.some((kind) => kind === 'list' || kind === 'mapping')
  )
    return 'no list and no mapping';
  return null;
}

test('every key with a value has a direction, alone or as a part of a value', () => {
  const without = everyKey.filter((key) => key.loosens === undefined && !key.isPart && !isSection(key));
  expect(without.map(({ path }) => path)).toEqual([]);
  expect(everyKey.length).toBeGreaterThan(300);
});

test('a section has no direction of its own, so a key added to it needs one', () => {
  const sections = everyKey.filter((key) => unwrap(key.schema) instanceof z.ZodObject && key.loosens !== undefined);
  expect(sections.map(({ path }) => path)).toEqual([]);
});

test('directions fit the values of their keys', () => {
  const mistakes = everyKey.flatMap(({ path, schema, loosens }) => {
    const found = loosens === undefined ? null : mistake(schema, loosens);
    return found === null ? [] : [`${path}: ${found}`];
  });
  expect(mistakes).toEqual([]);
});

test.each<[mistake: string, schema: Schema, loosens: Loosening]>([
  ['no number', anyText(), higher('more')],
  ['no number', z.array(integer(1, 2)), higher('more')],
  ['no list and no mapping', duration(), added('more')],
  ['no list and no mapping', word(['a', 'b']), added('more')],
  ['not its words in an order: a,b', word(['a', 'b']), ordered(['a'], 'more')],
  ['not its words in an order: a,b', word(['a', 'b']), ordered(['a', 'b', 'c'], 'more')],
  ['not its words in an order: a,b', word(['a', 'b']), ordered(['b', 'b'], 'more')],
  ['not its words in an order: false,true', bool(), ordered([true], 'more')],
  ['not its words in an order: false,true,x', boolOr('x'), ordered([false, true], 'more')],
  ['not its words in an order: null', anyText(), ordered(['a'], 'more')],
  ['no reason in one line', anyText(), anyChange('')],
  ['no reason in one line', anyText(), anyChange('one\ntwo')],
  ['never unset', duration().prefault('1s'), higher('more', { loosest: 'unset' })],
  ['the same value is loosest and strictest', duration(), higher('more', { loosest: 0, strictest: 0 })],
  ['a value outside of no direction', anyText(), { direction: 'none', why: null, loosest: false }],
])('the check reports: %s', (expected, schema, loosens) => {
  expect(mistake(schema, loosens)).toBe(expected);
});

test.each([duration(), size(1, 2), integer(1, 2), fraction(), moment(), autoOr(1, 2), sizeOrUnlimited()])(
  'the check accepts every kind of number (%#)',
  (schema) => {
    expect(mistake(schema, higher('more'))).toBeNull();
    expect(mistake(z.record(z.string(), schema).optional(), higher('more', { loosest: 'unset' }))).toBeNull();
  },
);

describe('the direction is shown', () => {
  const shown = everyKey.flatMap(({ path, loosens }) =>
    loosens === undefined || inWords(loosens) === '' ? [] : [{ path, text: inWords(loosens) }],
  );

  test('in the reference, after the default', () => {
    expect(references.gateway().replaceAll(/\n *# /g, ' ')).toContain(
      'Default: 1s. Looser if higher: a revoked credential is accepted longer.\n  whileDisconnected: 1s',
    );
  });

  test('on its page, for every key', () => {
    const page = readFileSync(new URL('../../../docs/reference/loosening.md', import.meta.url), 'utf8');
    for (const { path, loosens } of keysOf(configSchema)) {
      if (loosens === undefined) continue;
      const row = `| \`${path}\` | ${directionInWords(loosens)} | ${loosens.why} |`;
      expect(page).toContain(loosens.direction === 'none' ? `\`${path}\`` : row);
    }
  });

  test('in the JSON schema', () => {
    const text = JSON.stringify((['gateway', 'included', 'auth-api'] as const).map(jsonSchema));
    const missing = shown.filter((one) => !text.includes(JSON.stringify(one.text).slice(1, -1)));
    expect(missing.map(({ path }) => path)).toEqual([]);
    expect(text).toContain('"x-loosens":{"direction":["refuse","accept"]}');
    expect(text).toContain('"x-loosens":{"direction":"higher","loosest":"unset"}');
  });
});
