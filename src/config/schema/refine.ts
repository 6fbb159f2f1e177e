/**
 * Rules over several values of one section or list, as refinements of zod. `read-value.ts` runs them on the values that it could parse, so
 * a rule still reports if another value is wrong. Each problem gets its path.
 */
import { z } from 'zod';
import type { Path } from '../yaml/tree.ts';

/**
 * The parsed part of a file with problems: a key with a problem is present and undefined. Values that a schema parses from one scalar are
 * complete.
 */
export type Parts<T> = T extends readonly (infer Item)[]
  ? readonly (Parts<Item> | undefined)[]
  : T extends number | { readonly port: number }
    ? T
    : T extends object
      ? { readonly [Key in keyof T]?: Parts<T[Key]> | undefined }
      : T;

type Report = (path: Path, message: string, hint?: string | null) => void;

export interface Problems {
  /** Reports a problem of the value at a path relative to the value of the rule. */
  readonly at: Report;
  /** Reports a problem of the key at the end of the path. */
  readonly atKey: Report;
}

/** Also in `params` of issues that zod creates. */
export interface IssueParams {
  readonly hint?: string | null;
  readonly ofKey?: boolean;
}

/** The schema with one more rule. A key that is absent and has no default is not in `parts`. */
export function refined<S extends z.ZodType>(
  schema: S,
  rule: (parts: Parts<z.output<S>>, problems: Problems) => void,
): S {
  return schema.superRefine((value, context) => {
    const add =
      (ofKey: boolean): Report =>
      (path, message, hint = null) => {
        const params: IssueParams = { hint, ofKey };
        context.addIssue({ code: 'custom', path: [...path], message, params });
      };
    rule(value as Parts<z.output<S>>, { at: add(false), atKey: add(true) });
  });
}

export interface ListRules {
  /** The message and hint for an empty list. */
  readonly empty?: readonly [message: string, hint?: string];
  /** The maximum number of items, and their name. */
  readonly most?: readonly [number: number, items: string];
  /** The name of an item in the message about duplicates. */
  readonly distinct?: string;
}

export function list<S extends z.ZodType>(item: S, { empty, most, distinct }: ListRules): z.ZodArray<S> {
  return refined(z.array(item), (items: readonly unknown[], { at }) => {
    if (empty !== undefined && items.length === 0) at([], ...empty);
    if (most !== undefined && items.length > most[0]) at([], `at most ${most.join(' ')}`);
    if (distinct === undefined) return;
    const seen = new Set<string>();
    items.forEach((value, index) => {
      if (value === undefined) return;
      const text = JSON.stringify(value);
      if (seen.has(text)) at([index], `this ${distinct} is listed twice`);
      seen.add(text);
    });
  });
}
