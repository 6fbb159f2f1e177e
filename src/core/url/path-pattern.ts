/**
 * Patterns of a route's `match`: host (exact, `*.example.test`, or none) and path (literal segments, `{name}` for one
 * segment or a part of it, `**` at the end for any rest). Whole segments only, so `/public/**` never covers `/publicx`.
 */
import { formKey, formRank, innerText, type ParamForm } from './param-form.ts';

export interface RoutePattern {
  /** In lower case. */
  readonly host: string | null;
  /** As written. */
  readonly path: string;
  readonly segments: readonly Segment[];
  /** Names of `{name}` in order. */
  readonly params: readonly string[];
}

export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  /** `form` is null for a whole segment of any text. */
  | { readonly kind: 'param'; readonly name: string; readonly form: ParamForm | null }
  /** Only as the last one: any number of segments, including none. */
  | { readonly kind: 'rest' };

/**
 * The segment of `path` that a parameter of `pattern` matched, including escapes; null if the pattern has no such parameter. `path` is
 * canonical and was matched by `pattern`.
 */
export function pathParam(pattern: RoutePattern, path: string, name: string): string | null {
  let start = 1;
  for (const segment of pattern.segments) {
    if (segment.kind === 'rest') return null;
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    if (segment.kind === 'param' && segment.name === name) return ownPart(path.slice(start, end), segment.form);
    start = end + 1;
  }
  return null;
}

/** Without the text around the parameter, any character of which may be escaped. */
function ownPart(raw: string, form: ParamForm | null): string | null {
  if (form === null || form.before + form.after === '') return raw;
  if (!raw.includes('%')) return innerText(form, raw);
  const inner = innerText(form, decodeURIComponent(raw));
  return inner === null ? null : encodeURIComponent(inner);
}

/** A parameter of the pattern that matched the request, or of another pattern that all its requests fit. */
export interface ParamName {
  readonly name: string;
  /** If unset: the one that matched. */
  readonly pattern?: RoutePattern;
}

/** Position of a parameter's segment, or -1. */
export function placeOfParam({ name, pattern }: ParamName, matched: RoutePattern): number {
  return (pattern ?? matched).segments.findIndex((one) => one.kind === 'param' && one.name === name);
}

/** The values that a parameter can have in requests of a pattern; null: any text. */
export function formOfParam(param: ParamName, matched: RoutePattern): ParamForm | null {
  const at = placeOfParam(param, matched);
  const own = (param.pattern ?? matched).segments[at];
  const form = own?.kind === 'param' ? own.form : null;
  if (param.pattern === undefined) return form;
  const segment = matched.segments[at];
  if (segment?.kind === 'literal') return { before: '', after: '', shape: { kind: 'words', words: [segment.text] } };
  // Text around a parameter of the route belongs to the value here.
  const isWhole = segment?.kind === 'param' && segment.form !== null && segment.form.before + segment.form.after === '';
  return isWhole ? segment.form : form;
}

/** Host first: exact over longer wildcard over shorter over none; then segment by segment from the left. */
export function isMoreSpecific(a: RoutePattern, b: RoutePattern): boolean {
  // Compared, not subtracted: two infinities have no difference.
  const [hostOfA, hostOfB] = [hostRank(a.host), hostRank(b.host)];
  if (hostOfA !== hostOfB) return hostOfA > hostOfB;
  const length = Math.max(a.segments.length, b.segments.length);
  for (let i = 0; i < length; i += 1) {
    const [rankOfA, rankOfB] = [segmentRank(a.segments[i]), segmentRank(b.segments[i])];
    if (rankOfA !== rankOfB) return rankOfA > rankOfB;
  }
  return false;
}

function hostRank(host: string | null): number {
  if (host === null) return 0;
  return host.startsWith('*') ? host.length : Number.POSITIVE_INFINITY;
}

/**
 * Literal over parameter with literal text (the longer text first) over shaped over any text; the end of a pattern is
 * more specific than `**`, which may match nothing.
 */
export function segmentRank(segment: Segment | undefined): number {
  switch (segment?.kind) {
    case 'literal':
      return Number.POSITIVE_INFINITY;
    case 'param':
      return 2 + formRank(segment.form);
    case 'rest':
      return 0;
    default:
      return 1;
  }
}

/** Segments with the same key match the same texts, regardless of parameter names. */
export function segmentKey(segment: Segment): string {
  if (segment.kind === 'literal') return `=${segment.text}`;
  return segment.kind === 'param' && segment.form !== null ? `param ${formKey(segment.form)}` : segment.kind;
}
