/** A path that a route matches, as a reader expects it: the names of parameters stand for their values. */
import type { Route } from '../core/routing/route.ts';
import type { RouteTable } from '../core/routing/route-table.ts';
import { takerOf } from '../core/url/common-path.ts';
import { takes } from '../core/url/param-form.ts';
import type { Segment } from '../core/url/path-pattern.ts';
import { samplesOf, withTextAround } from './samples/segment-samples.ts';

/** Other routes of the table may match it, too. */
export function pathLike(table: RouteTable, { pattern }: Pick<Route, 'pattern'>): string {
  return `/${pattern.segments.map((segment) => encodeURIComponent(textLike(table, segment))).join('/')}`;
}

function textLike(table: RouteTable, segment: Segment): string {
  if (segment.kind === 'literal') return segment.text;
  if (segment.kind === 'rest') return 'anything';
  const samples = samplesOf(table);
  const own = withTextAround(segment.form, segment.name);
  const taker = takerOf(segment, false);
  const fits = taker === null ? !samples.isNamed(own) : takes(taker, own) && samples.of(segment).length === 1;
  return fits ? own : samples.of(segment)[0]!;
}
