/** Every route that a request could have gone to, and why it did or did not. */
import type { CanonicalRequest } from '../request/request-view.ts';
import { segmentsOf } from '../routing/find-route.ts';
import { fittingRoutes } from '../routing/fitting-routes.ts';
import type { Route } from '../routing/route.ts';
import { claims, type RouteTable } from '../routing/route-table.ts';
import { takerOf } from '../url/common-path.ts';
import { formInWords, takes } from '../url/param-form.ts';
import { isMoreSpecific, type RoutePattern, type Segment, segmentRank } from '../url/path-pattern.ts';
import { foldCase, ignoresCase } from '../url/path-reading.ts';

export interface Candidate {
  readonly route: string;
  /** Host and path of its pattern. */
  readonly pattern: string;
  readonly won: boolean;
  readonly why: string;
}

/** Maximum number of routes shown if none fits. */
const maxNear = 3;

/** Most specific first. If no route fits, the nearest ones, with the point at which each differs from the request. */
export function explainCandidates(table: RouteTable, request: CanonicalRequest, winner: Route | null): Candidate[] {
  const fitting = [...fittingRoutes(table, request.host, request.path)];
  if (winner !== null && !fitting.includes(winner)) fitting.push(winner);
  if (fitting.length === 0) return nearest(table, request);
  fitting.sort((a, b) => (isMoreSpecific(a.pattern, b.pattern) ? -1 : isMoreSpecific(b.pattern, a.pattern) ? 1 : 0));
  const first = winner ?? fitting[0]!;
  return fitting.map((route) => candidate(route, route === winner, whyOf(route, first, winner, request)));
}

function nearest(table: RouteTable, { host, path }: CanonicalRequest): Candidate[] {
  const near: { route: Route; misfit: Misfit }[] = [];
  for (const route of table.routes) {
    const misfit = misfitOf(route.pattern, host, path, ignoresCase(route.reading));
    if (misfit !== null) near.push({ route, misfit });
  }
  near.sort((a, b) => b.misfit.depth - a.misfit.depth);
  return near.slice(0, maxNear).map(({ route, misfit }) => candidate(route, false, misfit.why));
}

function whyOf(route: Route, first: Route, winner: Route | null, { method }: CanonicalRequest): string {
  const taken = methodsOf(route);
  const takes = claims(route, method) && (route.access.every !== null || taken.includes(method));
  if (route === winner) return takes ? 'the most specific pattern that matches' : 'the route of the preflight';
  if (!takes) return `matches, but accepts only ${taken.join(', ') || 'no method'}`;
  if (winner === null) return 'matches';
  return `matches, but ${first.id} is more specific: ${whyMoreSpecific(first.pattern, route.pattern)}`;
}

function methodsOf({ methods, access }: Route): readonly string[] {
  const listed = access.every !== null ? (methods ?? []) : [...access.byMethod.keys()];
  return listed.includes('GET') && !listed.includes('HEAD') ? [...listed, 'HEAD'] : listed;
}

function candidate({ id, pattern }: Route, won: boolean, why: string): Candidate {
  return { route: id, pattern: `${pattern.host ?? ''}${pattern.path}`, won, why };
}

/** Null: it fits. Otherwise how many segments fit, and where the path and the pattern differ. */
interface Misfit {
  /** Segments that fit; -1 when the host does not. */
  readonly depth: number;
  readonly why: string;
}

function misfitOf(pattern: RoutePattern, host: string, path: string, ignoresCase: boolean): Misfit | null {
  if (!hostFits(pattern.host, host)) return { depth: -1, why: `the host is not ${pattern.host}` };
  const parts = segmentsOf(path);
  for (const [index, segment] of pattern.segments.entries()) {
    if (segment.kind === 'rest') return null;
    const text = parts[index];
    if (text === undefined) return { depth: index, why: `the path ends before ${inWords(segment)}` };
    if (!segmentFits(segment, text, ignoresCase)) {
      return { depth: index, why: `segment ${index + 1} is ${JSON.stringify(text)}, not ${inWords(segment)}` };
    }
  }
  if (parts.length <= pattern.segments.length) return null;
  const index = pattern.segments.length;
  return { depth: index, why: `the path continues with ${JSON.stringify(parts[index])}` };
}

/** Why the first of two fitting patterns comes before the second one. */
function whyMoreSpecific(winner: RoutePattern, other: RoutePattern): string {
  if (winner.host !== other.host)
    return `host ${winner.host ?? 'any'} takes precedence over host ${other.host ?? 'any'}`;
  const length = Math.max(winner.segments.length, other.segments.length);
  for (let i = 0; i < length; i += 1) {
    const [a, b] = [winner.segments[i], other.segments[i]];
    if (segmentRank(a) !== segmentRank(b))
      return `in segment ${i + 1}, ${inWords(a)} takes precedence over ${inWords(b)}`;
  }
  return 'both patterns are equal';
}

function inWords(segment: Segment | undefined): string {
  if (segment === undefined) return 'the end';
  if (segment.kind === 'literal') return JSON.stringify(segment.text);
  return segment.kind === 'param' ? formInWords(segment.name, segment.form) : '**';
}

function hostFits(pattern: string | null, host: string): boolean {
  if (pattern === null) return true;
  if (!pattern.startsWith('*.')) return pattern === host;
  return host.length > pattern.length - 1 && host.endsWith(pattern.slice(1));
}

function segmentFits(segment: Exclude<Segment, { kind: 'rest' }>, text: string, ignoresCase: boolean): boolean {
  if (segment.kind === 'literal') return sameText(text, segment.text, ignoresCase);
  const taker = takerOf(segment, ignoresCase);
  return taker === null ? text !== '' : takes(taker, text);
}

function sameText(text: string, literal: string, ignoresCase: boolean): boolean {
  return ignoresCase ? foldCase(text) === foldCase(literal) : text === literal;
}
