/** A file with every key, its meaning and its default: generated from the schema, and itself a valid configuration. */
import { z } from 'zod';
import { inWords } from './schema/key.ts';
import { metadata, optionFor, type Schema, unwrap, wrappers } from './schema/metadata.ts';
import { authApiFileSchema, configSchema } from './schema.ts';
import type { SchemaName } from './schema-names.ts';

const widest = 110;

const opening = (of: string) => [
  `Every key of ${of} with its meaning and default. Generated from the schema: do not edit.`,
  `Durations are written 500ms, 5s, 2m, 1h or 1d, sizes 16kb or 10mb. Text may contain \${NAME} or \${NAME:-default} for`,
  `an environment variable ("$\${" is a literal "\${"). Secrets may be { file: /run/secrets/name }.`,
  'A value is looser if it lets more in, trusts others or exposes more. A key without a note about that is never looser.',
  'A key without a comment has that of the key of the same name before it: kinds of sources share most of their keys.',
];

/** References, by kind of file; other kinds have none. */
export const references = {
  gateway: () => referenceOf('the configuration', configSchema),
  'auth-api': () => referenceOf("the Auth API's own file (rolegate auth-api)", authApiFileSchema),
} as const satisfies Partial<Record<SchemaName, () => string>>;

function referenceOf(of: string, schema: z.ZodObject): string {
  return [...opening(of).map((line) => `# ${line}`), '', ...objectLines(schema, 0, new Set())].join('\n').concat('\n');
}

/** `comments`: comments with their keys, each of which is written once. */
function objectLines(schema: z.ZodObject, depth: number, comments: Set<string>): string[] {
  return Object.entries(schema.shape).flatMap(([key, inner], index) => [
    ...(depth === 0 && index > 0 ? [''] : []),
    ...keyLines(key, inner, depth, comments),
  ]);
}

function keyLines(key: string, schema: Schema, depth: number, comments: Set<string>): string[] {
  const doc = documentation(schema);
  const indent = '  '.repeat(depth);
  const { loosens } = metadata(schema);
  const sentences = [doc.description, standing(schema), loosens === undefined ? '' : inWords(loosens)];
  const text = sentences.filter((sentence) => sentence !== '').join(' ');
  const id = `${key} ${text}`;
  const comment = comments.has(id) ? [] : wrap(text, indent);
  comments.add(id);
  const lines = [...comment, ...valueLines(key, schema, depth, comments)];
  // The other of two keys that exclude each other, with everything below it.
  return doc.alternative ? lines.map((line) => commentedOut(line, indent)) : lines;
}

function valueLines(key: string, schema: Schema, depth: number, comments: Set<string>): string[] {
  const indent = '  '.repeat(depth);
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return [`${indent}${key}:`, ...objectLines(inner, depth + 1, comments)];
  // A list with an example of its own is shown by it: a value in one line, or the list itself.
  if (
    inner instanceof z.ZodArray &&
    unwrap(inner.element) instanceof z.ZodObject &&
    documentation(schema).example === undefined
  ) {
    const lines = objectLines(unwrap(inner.element) as z.ZodObject, depth + 2, comments);
    return [`${indent}${key}:`, `${indent}  -`, ...lines];
  }
  const fallback = fallbackOf(schema);
  const example = documentation(schema).example ?? fallback;
  if (inner instanceof z.ZodRecord && isMapping(example)) {
    const item = unwrap(inner.valueType);
    const entries = Object.entries(example).flatMap(([name, value]) =>
      itemLines(`${indent}  ${name}`, value === null ? item : optionOfExample(item, value), value, depth + 2, comments),
    );
    return [`${indent}${key}:`, ...entries];
  }
  return [
    `${indent}${key}: ${inline(fallback === undefined ? example : fallback)}`,
    ...longForm(key, inner, depth, comments),
  ];
}

/** The list that a key may have instead of one value. */
function longForm(key: string, schema: Schema, depth: number, comments: Set<string>): string[] {
  const list =
    schema instanceof z.ZodUnion ? schema.options.find((option) => unwrap(option) instanceof z.ZodArray) : undefined;
  const item = list === undefined ? null : unwrap((unwrap(list) as z.ZodArray).element);
  if (!(item instanceof z.ZodObject)) return [];
  const indent = '  '.repeat(depth);
  const lines = [`${indent}${key}:`, `${indent}  -`, ...objectLines(item, depth + 2, comments)];
  return lines.map((line) => commentedOut(line, indent));
}

/** An entry of a mapping, with every key if its example is only a name. */
function itemLines(
  head: string,
  item: Schema | null,
  example: unknown,
  depth: number,
  comments: Set<string>,
): string[] {
  return item instanceof z.ZodObject
    ? [`${head}:`, ...objectLines(item, depth, comments)]
    : [`${head}: ${inline(example)}`];
}

function optionOfExample(item: Schema, example: unknown): Schema | null {
  return item instanceof z.ZodDiscriminatedUnion ? optionFor(item, example) : null;
}

interface Documentation {
  readonly description: string;
  readonly example: unknown;
  readonly alternative: boolean;
}

export function documentation(schema: Schema): Documentation {
  const { description = '', examples, alternative = false } = metadata(schema);
  return { description, example: Array.isArray(examples) ? examples[0] : undefined, alternative };
}

/** The default as an author would write it; undefined without one. */
export function fallbackOf(schema: Schema): unknown {
  return wrappers(schema).find((layer) => layer instanceof z.ZodPrefault)?.def.defaultValue;
}

function standing(schema: Schema): string {
  const inner = unwrap(schema);
  const fallback = fallbackOf(schema);
  if (fallback !== undefined) return inner instanceof z.ZodObject ? '' : `Default: ${inline(fallback)}.`;
  if (!z.safeParse(schema, undefined).success) return 'Required.';
  return documentation(schema).description.includes('f unset') ? '' : 'Optional.';
}

/** A value in one line of YAML. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (isMapping(value)) {
    const entries = Object.entries(value).map(([key, inner]) => `${inline(key)}: ${inline(inner)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  if (typeof value === 'string') return /^[A-Za-z][\w.-]*$|^\d+(?:[a-z]+)$/.test(value) ? value : JSON.stringify(value);
  return String(value);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function commentedOut(line: string, indent: string): string {
  return line.startsWith(`${indent}# `) ? line : `${indent}# ${line.slice(indent.length)}`;
}

function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = `${indent}#`;
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > widest && line !== `${indent}#`) {
      lines.push(line);
      line = `${indent}#`;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
