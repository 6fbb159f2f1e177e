/** Whether two patterns can match one path, and such a path. */
import { commonText } from './form-texts.ts';
import { foldedForm, type Taker, takes } from './param-form.ts';
import type { Segment } from './path-pattern.ts';
import { foldCase } from './path-reading.ts';

/** The segments of a pattern, and whether letter case is ignored. */
export interface CasedSegments {
  readonly segments: readonly Segment[];
  readonly anyCase: boolean;
}

/** Decoded segments of the shortest path that fits both; null: no path does. */
export function commonPath(a: CasedSegments, b: CasedSegments): readonly string[] | null {
  const path: string[] = [];
  for (let at = 0; ; at += 1) {
    const [one, other] = [a.segments[at], b.segments[at]];
    if (one?.kind === 'rest') return [...path, ...restOf(b.segments.slice(at))];
    if (other?.kind === 'rest') return [...path, ...restOf(a.segments.slice(at))];
    if (one === undefined || other === undefined) return one === other ? path : null;
    const text = common(one, a.anyCase, other, b.anyCase);
    if (text === null) return null;
    path.push(text);
  }
}

function restOf(segments: readonly Segment[]): readonly string[] {
  return segments.flatMap((segment) => sampleText(segment) ?? []);
}

/** A text that the segment matches; null: it matches any number of segments. */
export function sampleText(segment: Segment): string | null {
  switch (segment.kind) {
    case 'rest':
      return null;
    case 'literal':
      return segment.text;
    case 'param': {
      if (segment.form === null) return segment.name;
      const taker = { form: segment.form, anyCase: false };
      const { before, after, shape } = segment.form;
      const [word = segment.name] = shape?.kind === 'words' ? shape.words : [];
      const likely = `${before}${word}${after}`;
      return takes(taker, likely) ? likely : commonText(taker, taker);
    }
  }
}

type Taking = Exclude<Segment, { readonly kind: 'rest' }>;

function common(a: Segment, anyCaseOfA: boolean, b: Segment, anyCaseOfB: boolean): string | null {
  const [one, other] = [a as Taking, b as Taking];
  if (one.kind === 'literal' && other.kind === 'literal') {
    const alike = anyCaseOfA || anyCaseOfB ? foldCase(one.text) === foldCase(other.text) : one.text === other.text;
    return alike ? (anyCaseOfA ? other.text : one.text) : null;
  }
  const [takerOfA, takerOfB] = [takerOf(one, anyCaseOfA), takerOf(other, anyCaseOfB)];
  if (one.kind === 'literal') return takerOfB === null || takes(takerOfB, one.text) ? one.text : null;
  if (other.kind === 'literal') return takerOfA === null || takes(takerOfA, other.text) ? other.text : null;
  if (takerOfA === null) return sampleText(other);
  return takerOfB === null ? sampleText(one) : commonText(takerOfA, takerOfB);
}

/** Null: any text. */
export function takerOf(segment: Segment, anyCase: boolean): Taker | null {
  if (segment.kind !== 'param' || segment.form === null) return null;
  return { form: anyCase ? foldedForm(segment.form) : segment.form, anyCase };
}
