/**
 * Single values of the configuration. Each parses one YAML scalar, reports the expected form if it cannot, and has its own JSON schema.
 * Messages never repeat the value, because it may come from a variable or be a secret.
 */
import { z } from 'zod';
import { didYouMean } from '../nearest-name.ts';
import { Problem } from '../problem.ts';

/** JSON schema of a value as an author writes it. */
export type Json = { readonly type?: unknown; readonly pattern?: string; readonly enum?: readonly unknown[] } & Record<
  string,
  unknown
>;

const anything = z.unknown();

/** A schema of one scalar with its own reading. */
export function scalar<T>(json: Json, read: (value: unknown) => T | Problem) {
  const transform = (value: unknown, context: z.RefinementCtx): T => {
    const out = read(value);
    if (!(out instanceof Problem)) return out;
    context.addIssue({ code: 'custom', message: out.message, params: { hint: out.hint }, input: undefined });
    return z.NEVER;
  };
  // It is not shared yet, so its description does not need the copy that `meta` would make.
  return anything.transform(transform).register(z.globalRegistry, json);
}

/** If a variable may provide the value, an editor must accept the reference. */
export function orReference(pattern: string): string {
  return `^(?:${pattern}|.*\\$\\{.+\\}.*)$`;
}

/** Non-empty text that the reader turns into a value. */
export function text<T>(expected: string, read: (text: string) => T | Problem, pattern?: string) {
  const json: Json = { type: 'string', ...(pattern === undefined ? {} : { pattern: orReference(pattern) }) };
  return scalar(json, (value) => {
    if (typeof value !== 'string')
      return new Problem(`expected ${expected}`, pattern === undefined ? quoteHint(value) : null);
    return value === '' ? new Problem(`expected ${expected}, not an empty value`) : read(value);
  });
}

/** Any text that is not empty. */
export function anyText(expected = 'a text') {
  return text(expected, (value) => value);
}

/** A text, or null if null or false disables it. */
export function textOrOff(expected: string, isGood: (text: string) => boolean) {
  return scalar({ type: ['string', 'boolean', 'null'] }, (value): string | null | Problem => {
    if (value === false || value === null) return null;
    return typeof value === 'string' && isGood(value) ? value : new Problem(`expected ${expected}`);
  });
}

/** JSON schema of one of a few words, or of a reference that gives one. */
export function oneOf(words: readonly string[]): Json {
  return {
    anyOf: [
      { type: 'string', enum: words },
      { type: 'string', pattern: '\\$\\{.+\\}' },
    ],
  };
}

/** One of a few words. */
export function word<const T extends string>(words: readonly T[]) {
  const expected = `expected ${listed(words)}`;
  const json = oneOf(words);
  return scalar(json, (value): T | Problem => {
    const match = words.find((known) => known === value);
    if (match !== undefined) return match;
    return new Problem(expected, typeof value === 'string' && words.length > 1 ? didYouMean(value, words) : null);
  });
}

/** One of a few words, or null if null or false disables it. */
export function wordOrOff<const T extends string>(words: readonly T[]) {
  const json: Json = { anyOf: [{ type: ['boolean', 'null'], enum: [false, null] }, oneOf(words)] };
  return scalar(json, (value): T | null | Problem => {
    if (value === false || value === null) return null;
    const match = words.find((known) => known === value);
    return (
      match ??
      new Problem(`expected ${words.join(', ')} or false`, typeof value === 'string' ? didYouMean(value, words) : null)
    );
  });
}

export function bool() {
  const json: Json = { type: ['boolean', 'string'], pattern: orReference('true|false') };
  return scalar(json, (value) => {
    if (typeof value === 'boolean') return value;
    return value === 'true' || value === 'false' ? value === 'true' : new Problem('expected true or false');
  });
}

/** True, false or one word. */
export function boolOr<const T extends string>(other: T) {
  const json: Json = { type: ['boolean', 'string'], pattern: orReference(`true|false|${other}`) };
  return scalar(json, (value): boolean | T | Problem => {
    if (typeof value === 'boolean' || value === other) return value as boolean | T;
    if (value === 'true' || value === 'false') return value === 'true';
    return new Problem(`expected true, false or ${other}`);
  });
}

/** A whole number, also as a string, because variables provide strings. */
export function integer(least: number, most: number) {
  const json: Json = { type: ['integer', 'string'], minimum: least, maximum: most, pattern: orReference('[0-9]+') };
  const expected = `expected a whole number from ${least} to ${most}`;
  return scalar(json, (value) => wholeNumber(value, least, most) ?? new Problem(expected));
}

/** A number from 0 to 1, also as a string. */
export function fraction() {
  const json: Json = {
    type: ['number', 'string'],
    minimum: 0,
    maximum: 1,
    pattern: orReference('[0-9]+(?:\\.[0-9]+)?'),
  };
  return scalar(json, (value) => {
    const number = typeof value === 'string' && /^\d(?:\.\d{1,9})?$/.test(value) ? Number(value) : value;
    const fits = typeof number === 'number' && number >= 0 && number <= 1;
    return fits ? number : new Problem('expected a number from 0 to 1');
  });
}

/** A whole number as above, or `auto`. */
export function autoOr(least: number, most: number) {
  const pattern = orReference('auto|[0-9]+');
  const json: Json = { type: ['integer', 'string'], minimum: least, maximum: most, pattern };
  const expected = `expected a whole number from ${least} to ${most}, or auto`;
  return scalar(json, (value): number | 'auto' | Problem =>
    value === 'auto' ? value : (wholeNumber(value, least, most) ?? new Problem(expected)),
  );
}

export function wholeNumber(value: unknown, least: number, most: number): number | null {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= least && number <= most
    ? number
    : null;
}

/** The values that disable a key. */
export function off(expected: string) {
  return scalar({ type: ['boolean', 'null'], enum: [false, null] }, (value): null | Problem =>
    value === false || value === null ? null : new Problem(`expected ${expected}, or false`),
  );
}

/** "a, b or c". */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function quoteHint(value: unknown): string | null {
  return typeof value === 'number' || typeof value === 'boolean' ? 'put it in quotes to make it text' : null;
}
