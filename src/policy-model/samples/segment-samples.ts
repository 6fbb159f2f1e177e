/** Texts for segments of patterns: what a request can contain there, and which other patterns would match it. */
import type { RouteTable } from '../../core/routing/route-table.ts';
import { takerOf } from '../../core/url/common-path.ts';
import { noForm, textsFor } from '../../core/url/form-texts.ts';
import { hasShape, innerText, type ParamForm, type Shape, type Taker, takes } from '../../core/url/param-form.ts';
import { type Segment, segmentKey } from '../../core/url/path-pattern.ts';
import { foldCase } from '../../core/url/path-reading.ts';

/** Samples for all segments in the patterns of a table. */
export class SegmentSamples {
  readonly #literals: ReadonlySet<string>;
  readonly #takers: readonly Taker[];
  readonly #known = new Map<string, readonly string[]>();
  /** A text that no pattern contains. */
  readonly unnamed: string;

  constructor({ routes, folded: ofAnyCase }: RouteTable) {
    const literals = new Set<string>();
    const takers = new Map<string, Taker>();
    for (const segment of routes.flatMap(({ pattern }) => pattern.segments)) {
      if (segment.kind === 'literal') literals.add(segment.text);
      const taker = takerOf(segment, false);
      if (taker !== null) takers.set(segmentKey(segment), taker);
    }
    const folded = new Set([...literals].map(foldCase));
    this.#literals = literals;
    this.#takers = [...takers.values()];
    // If a route ignores letter case, a text that differs from a form only in case may be refused.
    const unlike = ofAnyCase === null ? this.#takers : this.#takers.map((taker) => ({ ...taker, anyCase: true }));
    this.unnamed = noForm(unlike, (text) => folded.has(foldCase(text)));
  }

  /**
   * One text for every set of forms that a text of the segment can match, those with the fewest forms first, then its alternatives
   * and the literals that it matches. For a parameter without a form: a text that no pattern contains.
   */
  of(segment: Segment): readonly string[] {
    const own = takerOf(segment, false);
    if (own === null) return [this.unnamed];
    const key = segmentKey(segment);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const fitting = (text: string) => this.#takers.filter((taker) => takes(taker, text)).length;
    const fresh = [...textsFor([...this.#takers, own], this.#literals)].sort((a, b) => fitting(a) - fitting(b));
    const { form } = own;
    const words = form.shape?.kind === 'words' ? form.shape.words.map((word) => withTextAround(form, word)) : [];
    const texts = [...new Set([...fresh, ...words, ...this.#literals])].filter((text) => takes(own, text));
    this.#known.set(key, texts);
    return texts;
  }

  /** Whether a form of the table matches the text. */
  isNamed(text: string): boolean {
    return this.#takers.some((taker) => takes(taker, text));
  }
}

const samples = new WeakMap<RouteTable, SegmentSamples>();

export function samplesOf(table: RouteTable): SegmentSamples {
  const known = samples.get(table) ?? new SegmentSamples(table);
  samples.set(table, known);
  return known;
}

/** The decoded segment with this text as its parameter. */
export function withTextAround(form: ParamForm | null, text: string): string {
  return form === null ? text : `${form.before}${text}${form.after}`;
}

/** The text of the parameter in a decoded segment. */
export function withoutTextAround(form: ParamForm | null, segment: string): string {
  return form === null ? segment : (innerText(form, segment) ?? segment);
}

/**
 * Texts of a parameter in a segment that all of the takers match: one for every combination of being one of `texts` and beginning with one
 * of `beginnings`. `form`: of the parameter. Null: every text fits.
 */
export function textsInSegment(
  form: ParamForm | null,
  takers: readonly Taker[],
  texts: readonly string[],
  beginnings: readonly string[],
): readonly string[] | null {
  if (takers.length === 0) return null;
  const within = (segments: readonly string[]) =>
    segments
      .filter((segment) => takers.every((taker) => takes(taker, segment)))
      .map((segment) => withoutTextAround(form, segment));
  for (const { form: one } of takers) {
    if (one.shape?.kind === 'words') return within(one.shape.words.map((word) => withTextAround(one, word)));
  }
  const { before, after } = form ?? { before: '', after: '' };
  const whole = [...new Set([...texts, ...beginnings])].filter((text) => text !== '');
  const forms = [
    ...whole.map((text): ParamForm => ({ before, after, shape: { kind: 'words', words: [text] } })),
    ...[...new Set(beginnings)].flatMap((text) => (text === '' ? [] : [{ before: before + text, after, shape: null }])),
  ];
  return within(textsFor([...takers, ...forms.map((one) => ({ form: one, anyCase: false }))]));
}

/** Other texts of the shape: at least `most`, or all that it has. `number`: of any size and sign. */
export function* textsLike(text: string, shape: Shape | 'number' | null, most: number): Generator<string> {
  if (shape !== null && shape !== 'number' && shape.kind === 'words') {
    yield* shape.words.filter((word) => word !== text);
    return;
  }
  const fits = (like: string) => shape === null || shape === 'number' || hasShape(shape, like);
  for (let n = 1; n <= most; n += 1) {
    const numbers = /^-?(?:0|[1-9]\d{0,14})$/.test(text) ? [String(Number(text) + n), String(Number(text) - n)] : [];
    // The second is for a UUID, whose last part has twelve digits.
    const longer = [`${text}-${n + 1}`, `${text.slice(0, -12)}${n.toString(16).padStart(12, '0')}`];
    yield* (shape === 'number' ? numbers : [...numbers, ...longer]).filter((like) => like !== text && fits(like));
  }
}
