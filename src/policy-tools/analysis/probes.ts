/**
 * Requests that fit a pattern and as few other ones as possible: whatever fits such a request fits every request of its
 * shape, since no pattern names what stands for its parameters.
 */
import { fittingRoutes } from '../../core/explaining/fitting-routes.ts';
import type { AccessRule } from '../../core/policy/access.ts';
import type { CanonicalRequest } from '../../core/request/request-view.ts';
import type { Route } from '../../core/routing/route.ts';
import { claims, type RouteTable, ruleFor as ruleOfAccess } from '../../core/routing/route-table.ts';
import { oneSpelling } from '../../core/url/compile-pattern.ts';
import { isMoreSpecific } from '../../core/url/path-pattern.ts';
import { foldCase } from '../../core/url/path-reading.ts';

export class Probes {
  readonly table: RouteTable;
  /** Most segments of a pattern. */
  readonly #deepest: number;
  readonly #segment: string;
  readonly #broader = new Map<Route, readonly Route[]>();

  constructor(table: RouteTable) {
    this.table = table;
    const texts = new Set<string>();
    let deepest = 0;
    for (const { pattern } of table.routes) {
      deepest = Math.max(deepest, pattern.segments.length);
      for (const segment of pattern.segments) if (segment.kind === 'literal') texts.add(foldCase(segment.text));
    }
    this.#deepest = deepest;
    this.#segment = freshAmong('anything', (text) => texts.has(text));
  }

  /** One for every number of segments that `**` may take; only one without it. The likeliest first. */
  *of(route: Route, method = methodOf(route)): Generator<CanonicalRequest> {
    const { segments } = route.pattern;
    if (segments.at(-1)?.kind !== 'rest') {
      yield this.#request(route, method, 0);
      return;
    }
    const most = Math.max(1, this.#deepest - segments.length + 2);
    for (let taken = 1; taken <= most; taken += 1) yield this.#request(route, method, taken);
    yield this.#request(route, method, 0);
  }

  /** The likeliest request of the route. */
  first(route: Route, method = methodOf(route)): CanonicalRequest {
    return this.#request(route, method, route.pattern.segments.at(-1)?.kind === 'rest' ? 1 : 0);
  }

  /** Less specific routes that fit whatever the route does, the most specific of them first. */
  broader(route: Route): readonly Route[] {
    const known = this.#broader.get(route);
    if (known !== undefined) return known;
    const { host, path } = this.first(route);
    const found = fittingRoutes(this.table, host, path)
      .filter((other) => isMoreSpecific(route.pattern, other.pattern))
      .sort((a, b) => (isMoreSpecific(a.pattern, b.pattern) ? -1 : 1));
    this.#broader.set(route, found);
    return found;
  }

  #request({ pattern }: Route, method: string, taken: number): CanonicalRequest {
    let path = '';
    for (const segment of pattern.segments) {
      if (segment.kind === 'rest') path += `/${this.#segment}`.repeat(taken);
      else path += `/${segment.kind === 'literal' ? escaped(segment.text) : this.#segment}`;
    }
    const host = this.#host(pattern.host);
    return { method, host, authority: host, path: path || '/', unmerged: null, query: '', ambiguities: 0 };
  }

  /** One that no exact host and no longer wildcard takes, where the pattern leaves a choice. */
  #host(pattern: string | null): string {
    if (pattern !== null && !pattern.startsWith('*.')) return pattern;
    const { exactHosts, wildcardHosts } = this.table;
    const suffix = pattern?.slice(1) ?? '.example';
    const taken = (host: string) =>
      exactHosts.has(host) ||
      wildcardHosts.some(
        (wild) => wild.suffix.length > (pattern === null ? 0 : suffix.length) && host.endsWith(wild.suffix),
      );
    if (pattern !== null || !wildcardHosts.some((wild) => '.example'.endsWith(wild.suffix))) {
      return `${freshAmong('any', (label) => taken(`${label}${suffix}`))}${suffix}`;
    }
    return `any.${freshAmong('nowhere', (label) => taken(`any.${label}`))}`;
  }
}

/** A literal as a path has it. */
function escaped(text: string): string {
  return oneSpelling.test(text) ? text : encodeURIComponent(text);
}

/** Such as `GET http://api.example.test/v1/orders`. */
export function exampleOf({ method, host, path }: CanonicalRequest): string {
  return `${method} http://${host}${path}`;
}

/** A method that the route takes. */
export function methodOf({ methods, access }: Route): string {
  const [first = 'GET'] = access.every === null ? access.byMethod.keys() : (methods ?? []);
  return first;
}

/** Methods that the route names; null: it takes every one. */
export function listedMethods(route: Route): readonly string[] | null {
  const { methods, access } = route;
  if (access.every !== null) return methods;
  return [...access.byMethod.keys()].filter((method) => claims(route, method));
}

/** The rule for a method; null: the route does not take it. */
export function ruleFor(route: Route, method: string): AccessRule | null {
  return claims(route, method) ? ruleOfAccess(route.access, method) : null;
}

function freshAmong(stem: string, taken: (text: string) => boolean): string {
  for (let n = 0; ; n += 1) {
    const text = n === 0 ? stem : `${stem}${n}`;
    if (!taken(text)) return text;
  }
}
