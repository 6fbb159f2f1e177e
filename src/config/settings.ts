/**
 * Every key of a configuration with its value and its class (`schema/key.ts`). To compare two configurations:
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
import { maskUrl } from './mask-url.ts';
import { classOf, type KeyClass } from './schema/key.ts';
import { metadata, optionFor, type Schema, unwrap } from './schema/metadata.ts';
import { isSecret } from './schema/secret-keys.ts';
import { formatDuration, formatSize } from './units/quantities.ts';

export interface Setting {
  /** Such as `['server', 'trustedProxies']` or `['routes', 'order', 'maxVerdictAge']`: entries of a list by their id. */
  readonly path: readonly string[];
  readonly class: KeyClass;
  /** As the gateway uses it: durations in milliseconds, sizes in bytes. It may be a secret: only `shown` is for output. */
  readonly value: unknown;
  /** As an author would write it; secrets, and what URLs may contain of them, are masked. */
  readonly shown: string;
}

/** `without`: sections. */
export type Settings = (without?: readonly string[]) => readonly Setting[];

/** `value`: a parsed file. */
export function settingsOf(schema: Schema, value: unknown): readonly Setting[] {
  const list: Setting[] = [];
  collect(schema, value, [], list);
  return list;
}

function collect(schema: Schema, value: unknown, path: readonly string[], list: Setting[]): void {
  const { class: keyClass, inner } = describe(schema);
  if (keyClass !== undefined) {
    list.push({ path, class: keyClass, value, shown: textOf(schema, value) });
    return;
  }
  if (value === undefined) return;
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const option = optionFor(inner, value);
    if (option !== null) collect(option, value, path, list);
  } else if (inner instanceof z.ZodObject) {
    for (const [key, below] of Object.entries<Schema>(inner.shape))
      collect(below, member(value, key), [...path, key], list);
  } else if (inner instanceof z.ZodRecord) {
    for (const [key, below] of Object.entries(value as object)) collect(inner.valueType, below, [...path, key], list);
  } else if (inner instanceof z.ZodArray) {
    for (const [index, item] of (value as unknown[]).entries()) {
      const id = member(item, 'id');
      collect(inner.element, item, [...path, typeof id === 'string' ? id : String(index)], list);
    }
  }
}

function member(value: unknown, key: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[key];
}

function textOf(schema: Schema, value: unknown): string {
  if (value === undefined) return 'not set';
  const { secret, unit } = describe(schema);
  if (secret) return shownSecret(value);
  if (value === Infinity) return 'unlimited';
  if (typeof value === 'number' && unit !== undefined) return unit === 'ms' ? formatDuration(value) : formatSize(value);
  return typeof value === 'string' ? maskUrl(value) : JSON.stringify(value, maskedMember);
}

function maskedMember(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? maskUrl(value) : value;
}

interface Described {
  /** Undefined: a section. */
  readonly class: KeyClass | undefined;
  readonly unit: 'ms' | 'bytes' | undefined;
  readonly inner: Schema;
  readonly secret: boolean;
}

const described = new WeakMap<Schema, Described>();

/** Remembered: thousands of routes have the same few schemas. */
function describe(schema: Schema): Described {
  let description = described.get(schema);
  if (description === undefined) {
    const { loosens, effect, unit } = metadata(schema);
    const keyClass = loosens === undefined ? undefined : classOf(loosens, effect);
    description = { class: keyClass, unit, inner: unwrap(schema), secret: isSecret(schema) };
    described.set(schema, description);
  }
  return description;
}

function shownSecret(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shownSecret).join(', ')}]`;
  return typeof value === 'string' ? '***' : JSON.stringify(value);
}
