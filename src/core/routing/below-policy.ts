/** Whether the requests of a pattern lie below the prefix of a policy: all of them, none, or some. */
import { mayHaveCommonText } from '../url/form-texts.ts';
import { foldedForm, formInWords, formKey, hasShape, type ParamForm, takes } from '../url/param-form.ts';
import { isMoreSpecific, type RoutePattern, type Segment, segmentKey } from '../url/path-pattern.ts';
import { foldCase } from '../url/path-reading.ts';

export type Below = 'all' | 'some' | 'none';

/** `prefix` ends with `**`. `anyCase`: the service of the pattern may ignore letter case. */
export function isBelow(prefix: RoutePattern, pattern: RoutePattern, anyCase: boolean): Below {
  let below = hostBelow(prefix.host, pattern.host);
  for (const [at, wanted] of prefix.segments.entries()) {
    if (below === 'none' || wanted.kind === 'rest') return below;
    const candidate = pattern.segments[at];
    if (candidate === undefined) return 'none';
    if (candidate.kind === 'rest') return 'some';
    const one = segmentBelow(wanted, candidate, anyCase);
    if (one !== 'all') below = one;
    if (below === 'none') return below;
  }
  return below;
}

function hostBelow(wanted: string | null, candidate: string | null): Below {
  if (wanted === null || wanted === candidate) return 'all';
  if (candidate === null) return 'some';
  const suffixOf = (host: string) => (host.startsWith('*.') ? host.slice(1) : null);
  const [wide, narrow] = [suffixOf(wanted), suffixOf(candidate)];
  if (wide !== null && candidate.replace(/^\*/, '').endsWith(wide) && candidate.length > wide.length) return 'all';
  return narrow !== null && wanted.endsWith(narrow) ? 'some' : 'none';
}

type Taking = Exclude<Segment, { readonly kind: 'rest' }>;

export function segmentBelow(wanted: Taking, candidate: Taking, anyCase: boolean): Below {
  return anyCase ? exactBelow(folded(wanted), folded(candidate)) : exactBelow(wanted, candidate);
}

function exactBelow(wanted: Taking, candidate: Taking): Below {
  if (wanted.kind === 'param' && wanted.form === null) return 'all';
  if (wanted.kind === 'literal') {
    if (candidate.kind === 'literal') return wanted.text === candidate.text ? 'all' : 'none';
    const words =
      candidate.form?.shape?.kind === 'words' && hasNothingAround(candidate.form) ? candidate.form.shape.words : null;
    if (words !== null) return among(words, (word) => word === wanted.text);
    return candidate.form === null || takes({ form: candidate.form, anyCase: false }, wanted.text) ? 'some' : 'none';
  }
  const form = wanted.form!;
  if (candidate.kind === 'literal') return takes({ form, anyCase: false }, candidate.text) ? 'all' : 'none';
  return candidate.form === null ? 'some' : formBelow(form, candidate.form);
}

function folded(segment: Taking): Taking {
  if (segment.kind === 'literal') return { ...segment, text: foldCase(segment.text) };
  return segment.form === null ? segment : { ...segment, form: foldedForm(segment.form) };
}

function formBelow(wanted: ParamForm, candidate: ParamForm): Below {
  if (formKey(wanted) === formKey(candidate)) return 'all';
  const [shape, other] = [wanted.shape, candidate.shape];
  if (hasNothingAround(wanted) && hasNothingAround(candidate) && shape !== null && other !== null) {
    if (other.kind === 'words') return among(other.words, (word) => hasShape(shape, word));
    if (other.kind === 'int' && shape.kind === 'slug') return 'all';
  }
  if (hasNothingAround(wanted) && shape?.kind === 'words') {
    return shape.words.some((word) => takes({ form: candidate, anyCase: false }, word)) ? 'some' : 'none';
  }
  return mayHaveCommonText({ form: wanted, anyCase: false }, { form: candidate, anyCase: false }) ? 'some' : 'none';
}

function among(texts: readonly string[], fits: (text: string) => boolean): Below {
  const count = texts.filter(fits).length;
  return count === 0 ? 'none' : count === texts.length ? 'all' : 'some';
}

function hasNothingAround({ before, after }: ParamForm): boolean {
  return before + after === '';
}

/**
 * The pattern of requests that fit both. If a route for it exists, the less specific of the two gets nothing below the prefix. Null: two
 * parameter forms have nothing in common.
 */
export function meetOf(prefix: RoutePattern, pattern: RoutePattern): RoutePattern | null {
  const segments: Segment[] = [];
  const longest = Math.max(prefix.segments.length, pattern.segments.length);
  for (let at = 0; at < longest; at += 1) {
    const [a, b] = [prefix.segments[at], pattern.segments[at]];
    if (a === undefined || a.kind === 'rest') {
      segments.push(...pattern.segments.slice(at));
      break;
    }
    if (b === undefined || b.kind === 'rest') {
      segments.push(...prefix.segments.slice(at));
      break;
    }
    const both = meetOfSegments(a, b);
    if (both === null) return null;
    segments.push(both);
  }
  const host = hostBelow(prefix.host, pattern.host) === 'all' ? pattern.host : prefix.host;
  return { host, path: textOf(segments), segments, params: [] };
}

function meetOfSegments(a: Segment, b: Segment): Segment | null {
  if (a.kind === 'literal' || b.kind === 'literal') return a.kind === 'literal' ? a : b;
  if (a.kind !== 'param' || b.kind !== 'param') return null;
  if (a.form === null || b.form === null) return a.form === null ? b : a;
  return formKey(a.form) === formKey(b.form) ? b : null;
}

/** The path of a pattern. */
export function textOf(segments: readonly Segment[]): string {
  return `/${segments.map(inWords).join('/')}`;
}

function inWords(segment: Segment): string {
  if (segment.kind === 'literal') return segment.text;
  return segment.kind === 'rest' ? '**' : formInWords(segment.name, segment.form);
}

/** Whether both patterns match the same requests. */
export function isSamePattern(a: RoutePattern, b: RoutePattern): boolean {
  return (
    a.host === b.host &&
    a.segments.length === b.segments.length &&
    a.segments.every((segment, at) => segmentKey(segment) === segmentKey(b.segments[at]!))
  );
}

/** Whether one of the routes matches everything that the pattern and the prefix have in common, before the pattern does. */
export function isShielded(
  prefix: RoutePattern,
  pattern: RoutePattern,
  others: readonly { readonly pattern: RoutePattern }[],
): boolean {
  const both = meetOf(prefix, pattern);
  const covering = [prefix, ...(both === null ? [] : [both])].filter((one) => isMoreSpecific(one, pattern));
  return others.some((other) => covering.some((one) => isSamePattern(one, other.pattern)));
}
