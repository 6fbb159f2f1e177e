/** Requests that the gateway responds to itself, before any rule is checked: metadata of hosts, and preflights. */
import { resourceAsked } from './credential/resource-metadata.ts';
import type { Policy } from './decide.ts';
import { type Decision, refuse, type Trail } from './decision.ts';
import type { CanonicalRequest, RequestView } from './request/request-view.ts';
import { respondToPreflight } from './routing/preflight.ts';

/** Null: an ordinary request. */
export function respondItself(
  trail: Trail,
  request: CanonicalRequest,
  { rawHeaders }: RequestView,
  { routes, credentials }: Policy,
): Decision | null {
  const document = resourceAsked(request, credentials.resources)?.document;
  if (document !== undefined) return { ...trail, outcome: 'metadata', reason: null, request, document };
  if (request.method !== 'OPTIONS') return null;
  const preflight = respondToPreflight(routes, request, rawHeaders);
  if (preflight === null) return null;
  const { route, headers } = preflight;
  trail.route = route;
  if (headers === null) return refuse(trail, 'cors_origin_forbidden');
  return { ...trail, outcome: 'preflight', reason: null, request, route, headers };
}
