/** Scalars of a plain file: their text as the YAML library reads it, their value by the tags of its core schema. */
import { CST, Document, isScalar, type ScalarTag } from 'yaml';
import { NotPlain } from './not-plain.ts';
import type { ScalarNode } from './tree.ts';
import { yamlOptions } from './yaml-options.ts';

/** How a plain scalar may not begin: the library has a message for each. */
const reserved = /^[\t,%|>@`]/;

const schemaOf = new Document(null, yamlOptions);
const tested: readonly ScalarTag[] = schemaOf.schema.tags.filter(
  (tag): tag is ScalarTag => tag.collection === undefined && tag.default === true && tag.test !== undefined,
);

/** What the text of a token stands for. Shortcuts are only taken where the library's way copies the text. */
export function scalarText(token: CST.FlowScalar | CST.BlockScalar): string {
  const { type, source } = token;
  if (type !== 'block-scalar' && !source.includes('\n')) {
    if (type === 'scalar') {
      if (source !== '' && !reserved.test(source)) return source;
    } else if (source.length > 1 && type === 'double-quoted-scalar') {
      if (source.endsWith('"') && !source.includes('\\')) return source.slice(1, -1);
    } else if (source.length > 1 && source.endsWith("'")) {
      const inner = source.slice(1, -1);
      if (!inner.includes("'")) return inner;
    }
  }
  return CST.resolveAsScalar(token, true, refuse).value;
}

/** Texts that were seen before are not tested again: most of a long file are. */
export function createPlainValues(): (source: string) => ScalarNode['value'] {
  const known = new Map<string, ScalarNode['value']>();
  return (source) => {
    const before = known.get(source);
    if (before !== undefined) return before;
    const value = resolve(source);
    known.set(source, value);
    return value;
  };
}

function resolve(source: string): ScalarNode['value'] {
  const tag = tested.find(({ test }) => test?.test(source) === true);
  if (tag === undefined) return source;
  const read = tag.resolve(source, refuse, schemaOf.options);
  const value = isScalar(read) ? read.value : read;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  throw new NotPlain();
}

function refuse(): never {
  throw new NotPlain();
}
