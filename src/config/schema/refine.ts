/**
 * Rules over several values of one section or list, as refinements of zod. `read-value.ts` runs them over what it could
 * read, so that a rule reports beside a wrong value, and puts each problem at its path.
 */
import { z } from 'zod';
import type { Path } from '../yaml/tree.ts';

/**
 * What is known of a file with problems: a key with a problem is there and undefined. Values that a schema read from one
 * scalar are whole.
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
  /** Reports a problem of the value at the path, from the value that the rule is of. */
  readonly at: Report;
  /** Reports a problem of the key at the end of the path. */
  readonly atKey: Report;
}

/** Also in `params` of an issue that zod makes. */
export interface IssueParams {
  readonly hint?: string | null;
  readonly ofKey?: boolean;
}

/** The schema with one more rule. A key that the file does not have and that has no default is not in `parts`. */
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
  /** What is wrong with an empty list, and what to do. */
  readonly empty?: readonly [message: string, hint?: string];
  /** The largest number of items, and what they are. */
  readonly most?: readonly [number: number, items: string];
  /** What to call an item that is listed twice. */
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
