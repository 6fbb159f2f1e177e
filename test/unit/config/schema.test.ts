/**
 * The schema is the single source: every key is documented, and everything generated from it agrees with the parser.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { keysOf } from '../../../src/config/every-key.ts';
import { jsonSchema } from '../../../src/config/json-schema.ts';
import { parseAuthApiFile, parseConfig } from '../../../src/config/parse-config.ts';
import { readValue } from '../../../src/config/read-value.ts';
import { documentation, fallbackOf, references } from '../../../src/config/reference-yaml.ts';
import { unwrap } from '../../../src/config/schema/metadata.ts';
import { authApiFileSchema, configSchema, includedSchema } from '../../../src/config/schema.ts';
import { createLineIndex } from '../../../src/config/yaml/line-index.ts';
import { createProblemList } from '../../../src/config/yaml/problem.ts';
import { readYaml } from '../../../src/config/yaml/read-yaml.ts';
import { env, readSecret } from './environment.ts';

const folder = new URL('../../../config/', import.meta.url);
const shipped = [
  ...readdirSync(folder).filter((name) => /^(?!.*\.reference\.).*\.yaml$/.test(name)),
  ...readdirSync(new URL('examples/', folder))
    .filter((name) => !name.endsWith('.test.yaml'))
    .map((name) => `examples/${name}`),
];
const demo = { ROLEGATE_DEMO_SECRET: 'd'.repeat(64), ROLEGATE_DEMO_SERVICE: 'http://127.0.0.1:1' };
const options = { file: 'f.yaml', env: { ...env, ...demo }, readSecret };

const everyKey = [
  ...keysOf(configSchema),
  ...keysOf(includedSchema).map((key) => ({ ...key, path: `included-file:${key.path}` })),
  ...keysOf(authApiFileSchema).map((key) => ({ ...key, path: `auth-api-file:${key.path}` })),
]
  // An entry of a mapping has the description of the mapping.
  .filter(({ path }) => !path.endsWith('.*'))
  .map(({ path, schema }) => [path, schema] as const);

test('the schema has keys', () => {
  expect(everyKey.length).toBeGreaterThan(100);
});

test.each(everyKey)('%s has a description and an example', (_, schema) => {
  const { description, example } = documentation(schema);
  expect(description).toMatch(/^[A-Z"].*\.$/);
  const inner = unwrap(schema);
  const container =
    inner instanceof z.ZodObject || (inner instanceof z.ZodArray && inner.element instanceof z.ZodObject);
  if (!container) expect(example ?? fallbackOf(schema)).toBeDefined();
});

test.each(everyKey.filter(([, schema]) => documentation(schema).example !== undefined && !isContainer(schema)))(
  '%s accepts its own example and default',
  (_, schema) => {
    for (const value of [documentation(schema).example, fallbackOf(schema)]) {
      if (value === undefined) continue;
      const list = createProblemList('f', '', createLineIndex(''));
      const node = readYaml(JSON.stringify({ value }), { env: { ...env, ROLEGATE: 'x' } }, list);
      if (node?.kind !== 'map') throw new Error('no node');
      readValue(schema, node.entries.get('value')!.value, list);
      expect(list.problems()).toEqual([]);
    }
  },
);

function isContainer(schema: z.core.$ZodType): boolean {
  return unwrap(schema) instanceof z.ZodObject || unwrap(schema) instanceof z.ZodRecord;
}

describe('the reference', () => {
  test('is a valid configuration', () => {
    expect(parseConfig(references.gateway(), options)).toMatchObject({ ok: true });
    expect(parseAuthApiFile(references['auth-api'](), options)).toMatchObject({ ok: true });
  });

  test('contains every key', () => {
    const text = references.gateway();
    for (const { path } of keysOf(configSchema)) {
      const key = path.split('.').findLast((name) => name !== '*')!;
      // Alternatives to a scalar appear in the description.
      if (!new RegExp(`^ *(?:# *)*${key}:`, 'm').test(text)) expect(text).toContain(key);
    }
  });

  test('the alternative Auth API section is valid once uncommented', () => {
    const text = references
      .gateway()
      .replace(/^ {2}url: "http:\/\/auth-api.*\n/m, '')
      .replace(/^ {2}gatewaySecret: .*\n/m, '')
      .replace(/^ {2}(?:paths|headers|fields):\n(?: {4}.*\n)+/gm, '')
      .replace(/^ {2}# embedded:\n(?: {2}# {3}.*\n)+/m, (block) => block.replaceAll(/^ {2}# /gm, '  '));
    expect(text).toContain('\n  embedded:\n');
    const result = parseConfig(text, options);
    expect(result.ok ? [] : result.problems).toEqual([]);
  });
});

describe('the JSON schema', () => {
  const schema = z.fromJSONSchema(JSON.parse(JSON.stringify(jsonSchema())));

  test.each([...shipped, 'reference'])('accepts %s', (name) => {
    const text = name === 'reference' ? references.gateway() : readFileSync(new URL(name, folder), 'utf8');
    const result = schema.safeParse(parseYaml(text));
    expect(result.success ? [] : result.error.issues).toEqual([]);
  });

  test.each([
    ['an unknown key', { servr: {} }],
    ['another version', { version: 2 }],
    ['a duration without a unit', { defaults: { timeout: 5 } }],
    ['an invalid enum value', { log: { level: 'loud' } }],
    ['an invalid mode', { routes: [{ id: 'a', match: { path: '/' }, upstream: 'a', mode: 'shade' }] }],
    ['an invalid method', { defaults: { access: { GTE: 'public' } } }],
  ])('refuses %s', (_, part) => {
    const file = { version: 1, authApi: { url: 'http://a:1' }, routes: [] };
    expect(schema.safeParse(file).success).toBe(true);
    expect(schema.safeParse({ ...file, ...part }).success).toBe(false);
  });

  test('has defaults, examples and descriptions for editors', () => {
    expect(jsonSchema()).toHaveProperty('properties.cache.properties.accepted', {
      type: 'string',
      default: '30s',
      examples: ['30s'],
      pattern: expect.stringContaining('ms|s|m|h|d'),
      description: expect.stringMatching(/accepted verdict.*Looser if higher: .*\.$/),
      'x-loosens': { direction: 'higher' },
    });
    expect(jsonSchema('auth-api')).toHaveProperty('properties.lifetimes.properties.session.default', '24h');
  });
});

test.each(shipped)('%s loads', (name) => {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const result = parseConfig(text, options);
  expect(result.ok ? [] : result.problems).toEqual([]);
});

test('the minimal useful file stays small', () => {
  const lines = readFileSync(new URL('gateway.yaml', folder), 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeGreaterThanOrEqual(15);
  expect(lines.length).toBeLessThanOrEqual(25);
});

test.each(['reference', ...shipped])("%s: the schema walk agrees with zod's own parsing", (name) => {
  const text = name === 'reference' ? references.gateway() : readFileSync(new URL(name, folder), 'utf8');
  // Without variables, so both parse the same text.
  const plain = text.replaceAll(/\$\{[A-Z_]+:-([^}]*)\}/g, '$1').replaceAll(/\$\{[A-Z_]+\}/g, 'http://filled.test:1');
  const list = createProblemList('f', plain, createLineIndex(plain));
  const node = readYaml(plain, { env: {} }, list);
  const walked = readValue(configSchema, node!, list);
  expect(list.problems()).toEqual([]);
  expect(walked).toEqual(configSchema.parse(parseYaml(plain)));
});
