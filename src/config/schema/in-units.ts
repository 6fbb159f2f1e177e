/**
 * Sections as the gateway uses them, in type and value: the key of a duration ends in `Ms`, that of a size in `Bytes`, so
 * `server.limits.headersTimeout: 10s` is `headersTimeoutMs: 10000`. Only the schema defines the keys.
 */
import { z } from 'zod';
import { metadata, optionFor, type Schema, unwrap } from './metadata.ts';

declare const unit: unique symbol;
export type Milliseconds = number & { readonly [unit]: 'ms' };
export type Bytes = number & { readonly [unit]: 'bytes' };

export type InUnits<T> = T extends number
  ? number
  : T extends string | boolean | null | undefined
    ? T
    : T extends readonly (infer Item)[]
      ? readonly InUnits<Item>[]
      : { readonly [Key in keyof T as KeyInUnits<Key, NonNullable<T[Key]>>]: InUnits<T[Key]> };

type KeyInUnits<Key, Value> = Key extends string
  ? Value extends Milliseconds
    ? `${Key}Ms`
    : Value extends Bytes
      ? Key extends `${string}Bytes`
        ? Key
        : `${Key}Bytes`
      : Key
  : Key;

/** `value`: a parsed section. Lists contain no units. */
export function inUnits<T>(schema: Schema, value: T): InUnits<T> {
  return convert(schema, value) as InUnits<T>;
}

function convert(schema: Schema, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const inner = unwrap(schema);
  if (inner instanceof z.ZodDiscriminatedUnion) return convert(optionFor(inner, value) ?? z.unknown(), value);
  if (inner instanceof z.ZodUnion)
    return convert(inner.options.find((option) => hasKeysOf(option, value)) ?? z.unknown(), value);
  if (inner instanceof z.ZodRecord) {
    return Object.fromEntries(Object.entries(value).map(([name, below]) => [name, convert(inner.valueType, below)]));
  }
  if (!(inner instanceof z.ZodObject)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, below]) => [keyInUnits(key, inner.shape[key]), convert(inner.shape[key], below)]),
  );
}

function hasKeysOf(schema: Schema, value: object): boolean {
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject && Object.keys(value).every((key) => key in inner.shape);
}

function keyInUnits(key: string, schema: Schema): string {
  const { unit } = metadata(schema);
  if (unit === 'ms') return `${key}Ms`;
  return unit === 'bytes' && !key.endsWith('Bytes') ? `${key}Bytes` : key;
}
