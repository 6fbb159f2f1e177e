/**
 * Every key of a configuration with its value and its class (`schema/key-class.ts`). To compare two configurations:
 *
 *     const after = new Map(result.settings().map((setting) => [setting.path.join('.'), setting]));
 *     for (const setting of before) {
 *       const other = after.get(setting.path.join('.'));
 *       if (!isDeepStrictEqual(setting.value, other?.value)) report(setting.class, setting.shown, other?.shown);
 *     }
 *
 * An absent key is listed with its default, or with `undefined`, if its section exists. A setting on only one side belongs to an entry (a
 * route, a role, an upstream) or an optional section of that side.
 */
import { z } from 'zod';
import type { KeyClass } from './schema/key-class.ts';
import { metadata, optionFor, type Schema, unwrap } from './schema/metadata.ts';
import { isSecret } from './schema/secret-keys.ts';
import { formatDuration, formatSize } from './units/quantities.ts';

export interface Setting {
  /** Such as `['server', 'trustedProxies']` or `['routes', 'order', 'maxAge']`: entries of a list by their id. */
  readonly path: readonly string[];
  readonly class: KeyClass;
  /** As the gateway uses it: durations in milliseconds, sizes in bytes. It may be a secret: only `shown` is for output. */
  readonly value: unknown;
  /** As an author would write it, secrets masked. */
  readonly shown: string;
}

/** `value`: a parsed file. */
export function settingsOf(schema: Schema, value: unknown): readonly Setting[] {
  return [...walk(schema, value, [])];
}

function* walk(schema: Schema, value: unknown, path: readonly string[]): Generator<Setting> {
  const { class: keyClass } = metadata(schema);
  if (keyClass !== undefined) {
    yield { path, class: keyClass, value, shown: shown(schema, value) };
    return;
  }
  if (value === undefined) return;
  const inner = unwrap(schema);
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const option = optionFor(inner, value);
    if (option !== null) yield* walk(option, value, path);
  } else if (inner instanceof z.ZodObject) {
    for (const [key, below] of Object.entries<Schema>(inner.shape))
      yield* walk(below, member(value, key), [...path, key]);
  } else if (inner instanceof z.ZodRecord) {
    for (const [key, below] of Object.entries(value as object)) yield* walk(inner.valueType, below, [...path, key]);
  } else if (inner instanceof z.ZodArray) {
    for (const [index, item] of (value as unknown[]).entries()) {
      const id = member(item, 'id');
      yield* walk(inner.element, item, [...path, typeof id === 'string' ? id : String(index)]);
    }
  }
}

function member(value: unknown, key: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[key];
}

function shown(schema: Schema, value: unknown): string {
  if (value === undefined) return 'not set';
  if (isSecret(schema)) return shownSecret(value);
  const { unit } = metadata(schema);
  if (value === Infinity) return 'unlimited';
  if (typeof value === 'number' && unit !== undefined) return unit === 'ms' ? formatDuration(value) : formatSize(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function shownSecret(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shownSecret).join(', ')}]`;
  return typeof value === 'string' ? '***' : JSON.stringify(value);
}
