/** Forms of a parameter other than "any text": a shape (`{id:uuid}`), literal text around it (`{id}.json`), or both (`v{n:int}`). */
import { foldCase } from './path-reading.ts';

export type Shape =
  /** `uuid` in any case; `int` without leading zeros, up to 15 digits; `slug` of lower-case letters, digits and single hyphens. */
  | { readonly kind: 'uuid' | 'int' | 'slug' }
  /** Alternatives, in the order of the pattern. */
  | { readonly kind: 'words'; readonly words: readonly string[] };

export interface ParamForm {
  /** Literal text before and after the parameter; empty: none. */
  readonly before: string;
  readonly after: string;
  /** Null: any text. */
  readonly shape: Shape | null;
}

/** A form, and whether letter case is ignored; if so, its texts are folded. */
export interface Taker {
  readonly form: ParamForm;
  readonly anyCase: boolean;
}

export const shapeNames = ['uuid', 'int', 'slug'] as const;

const patterns = {
  uuid: /^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$/,
  int: /^(?:0|[1-9][0-9]{0,14})$/,
  slug: /^[a-z0-9]+(?:-[a-z0-9]+)*$/,
} as const;

/** Whether the form matches a decoded segment. */
export function takes({ form, anyCase }: Taker, text: string): boolean {
  const inner = innerText(form, anyCase ? foldCase(text) : text);
  return inner !== null && (form.shape === null || hasShape(form.shape, inner));
}

export function hasShape(shape: Shape, text: string): boolean {
  return shape.kind === 'words' ? shape.words.includes(text) : patterns[shape.kind].test(text);
}

/** The text of the parameter in a decoded segment; null: the text around it differs, or nothing remains. */
export function innerText({ before, after }: ParamForm, text: string): string | null {
  if (text.length <= before.length + after.length || !text.startsWith(before) || !text.endsWith(after)) return null;
  return text.slice(before.length, text.length - after.length);
}

/** The same for every letter case. */
export function foldedForm({ before, after, shape }: ParamForm): ParamForm {
  const words = shape?.kind === 'words' ? [...new Set(shape.words.map(foldCase))] : null;
  return {
    before: foldCase(before),
    after: foldCase(after),
    shape: words === null ? shape : { kind: 'words', words },
  };
}

/** Forms with the same key match the same texts. */
export function formKey({ before, after, shape }: ParamForm): string {
  const words = shape?.kind === 'words' ? [...shape.words].sort() : [];
  return JSON.stringify([before, after, shape?.kind ?? null, ...words]);
}

/** As a pattern writes it. */
export function formInWords(name: string, form: ParamForm | null): string {
  if (form === null) return `{${name}}`;
  const { before, after, shape } = form;
  const suffix = shape === null ? '' : `:${shape.kind === 'words' ? `(${shape.words.join('|')})` : shape.kind}`;
  return `${before}{${name}${suffix}}${after}`;
}

const shapeRanks = { words: 4, uuid: 3, int: 2, slug: 1 } as const;

/** Higher is more specific: longer literal text first, then alternatives over uuid over int over slug over any text. */
export function formRank(form: ParamForm | null): number {
  if (form === null) return 0;
  const { before, after, shape } = form;
  return (before.length + after.length) * 8 + (shape === null ? 0 : shapeRanks[shape.kind]);
}
