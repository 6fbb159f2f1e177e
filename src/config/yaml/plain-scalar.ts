/** Plain scalars: numbers, words and nothing, by the tags of the YAML library's core schema. */
import { Document, isScalar, type ScalarTag } from 'yaml';
import { NotPlain } from './not-plain.ts';
import type { ScalarNode } from './tree.ts';
import { yamlOptions } from './yaml-options.ts';

const schemaOf = new Document(null, yamlOptions);
const tested: readonly ScalarTag[] = schemaOf.schema.tags.filter(
  (tag): tag is ScalarTag => tag.collection === undefined && tag.default === true && tag.test !== undefined,
);
/** How whatever is no text begins: numbers, `~`, and the words for nothing, true and false. */
const special = /^[-+.\d~nNtTfF]/;

/** Texts that were seen before are not tested again. */
export function createPlainValues(): (source: string) => ScalarNode['value'] {
  const known = new Map<string, ScalarNode['value']>();
  return (source) => {
    if (!special.test(source)) return source;
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
