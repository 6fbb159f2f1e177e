/** Every route that a request could have gone to, and why it did or did not. */
import type { CanonicalRequest } from '../request/request-view.ts';
import { claims, type RouteTable } from '../routing/compile-routes.ts';
import type { Route } from '../routing/route.ts';
import { isMoreSpecific } from '../routing/specificity.ts';
import { type Misfit, misfitOf, whyMoreSpecific } from './fit-pattern.ts';
import { fittingRoutes } from './fitting-routes.ts';

export interface Candidate {
  readonly route: string;
  /** Host and path of its pattern. */
  readonly pattern: string;
  readonly won: boolean;
  readonly why: string;
}

/** Routes that are told when nothing fits. */
const mostNear = 3;

/** Most specific first. When no route fits, the nearest ones, with what parted them from the request. */
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
    const misfit = misfitOf(route.pattern, host, path, (route.reading?.literals ?? null) !== null);
    if (misfit !== null) near.push({ route, misfit });
  }
  near.sort((a, b) => b.misfit.depth - a.misfit.depth);
  return near.slice(0, mostNear).map(({ route, misfit }) => candidate(route, false, misfit.why));
}

function whyOf(route: Route, first: Route, winner: Route | null, { method }: CanonicalRequest): string {
  const taken = methodsOf(route);
  const takes = claims(route, method) && (route.access.every !== null || taken.includes(method));
  if (route === winner)
    return takes ? 'the most specific pattern that fits' : 'the route that the preflight asks about';
  if (!takes) return `fits, but takes only ${taken.join(', ') || 'no method'}`;
  if (winner === null) return 'fits';
  return `fits, but ${first.id} is more specific: ${whyMoreSpecific(first.pattern, route.pattern)}`;
}

function methodsOf({ methods, access }: Route): readonly string[] {
  const listed = access.every !== null ? (methods ?? []) : [...access.byMethod.keys()];
  return listed.includes('GET') && !listed.includes('HEAD') ? [...listed, 'HEAD'] : listed;
}

function candidate({ id, pattern }: Route, won: boolean, why: string): Candidate {
  return { route: id, pattern: `${pattern.host ?? ''}${pattern.path}`, won, why };
}
