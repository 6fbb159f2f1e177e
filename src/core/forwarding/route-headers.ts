/** Headers that a route adds to our own refusals, so that pages of allowed origins can read them. */
import { appendCorsHeaders } from '../cors/cors-headers.ts';
import type { Route } from '../routing/route.ts';

const none: readonly string[] = [];

/** Names and values in turn. Without a route, as for a path that leads nowhere, there are none. */
export function refusalHeadersOf(
  route: Pick<Route, 'answers' | 'cors'> | null,
  rawHeaders: readonly string[],
): readonly string[] {
  if (route === null || (route.cors === null && route.answers === null)) return none;
  const out = route.answers === null ? [] : [...route.answers.refusals];
  if (route.cors !== null) appendCorsHeaders(out, route.cors, rawHeaders);
  return out;
}
