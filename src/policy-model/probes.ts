/**
 * Requests that match one pattern and as few others as possible. Whatever matches such a request matches every request of its
 * shape, because no pattern contains the texts that are filled in for parameters. If a parameter has a form, there is one request
 * for every way in which other forms and literals can also match its text.
 */

import { type AccessRule, ruleMethods, ruleFor as ruleOfAccess } from '../core/policy/access.ts';
import type { CanonicalRequest } from '../core/request/request-view.ts';
import { fittingRoutes } from '../core/routing/fitting-routes.ts';
import type { Route } from '../core/routing/route.ts';
import { claims, type RouteTable } from '../core/routing/route-table.ts';
import { takerOf } from '../core/url/common-path.ts';
import { oneSpelling } from '../core/url/compile-pattern.ts';
import { isMoreSpecific } from '../core/url/path-pattern.ts';
import { pathLike } from './path-like.ts';
import { type SegmentSamples, samplesOf } from './samples/segment-samples.ts';

/** Maximum combinations of texts to try for one pattern. */
const maxChoices = 512;

export class Probes {
  readonly table: RouteTable;
  /** Number of segments of the longest pattern. */
  readonly #deepest: number;
  readonly #samples: SegmentSamples;
  readonly #broader = new Map<Route, readonly Route[]>();

  constructor(table: RouteTable) {
    this.table = table;
    this.#deepest = Math.max(0, ...table.routes.map(({ pattern }) => pattern.segments.length));
    this.#samples = samplesOf(table);
  }

  /** One request for every number of segments that `**` may match, or a single one without `**`. The likeliest comes first. */
  *of(route: Route, method = methodOf(route)): Generator<CanonicalRequest> {
    const { segments } = route.pattern;
    const most = Math.max(1, this.#deepest - segments.length + 2);
    const lengths = segments.at(-1)?.kind !== 'rest' ? [0] : [...Array.from({ length: most }, (_, n) => n + 1), 0];
    for (const texts of this.#choices(route)) {
      for (const taken of lengths) yield this.#request(route, method, taken, texts);
    }
  }

  /** Paths of these requests; one that a reader expects comes first. */
  *paths(route: Route, method: string): Generator<string> {
    yield pathLike(this.table, route);
    for (const { path } of this.of(route, method)) yield path;
  }

  /** Whether `of` covers every way in which the texts of parameters can match. */
  triesAll({ pattern: { segments } }: Route): boolean {
    const formed = segments.filter((segment) => takerOf(segment, false) !== null);
    return formed.reduce((product, segment) => product * this.#samples.of(segment).length, 1) <= maxChoices;
  }

  /** Texts of the parameters that have a form, in pattern order. The likeliest of each comes first. */
  *#choices({ pattern: { segments } }: Route): Generator<readonly string[]> {
    const formed = segments.filter((segment) => takerOf(segment, false) !== null);
    const lists = formed.map((segment) => this.#samples.of(segment));
    const ways = lists.reduce((product, { length }) => product * length, 1);
    for (let way = 0; way < Math.min(ways, maxChoices); way += 1) {
      let rest = way;
      yield lists.map((texts) => {
        const at = rest % texts.length;
        rest = Math.floor(rest / texts.length);
        return texts[at]!;
      });
    }
  }

  /** The likeliest request of the route. */
  first(route: Route, method = methodOf(route)): CanonicalRequest {
    return this.#request(route, method, route.pattern.segments.at(-1)?.kind === 'rest' ? 1 : 0);
  }

  /** Less specific routes that match everything the route does, the most specific first. */
  broader(route: Route): readonly Route[] {
    const known = this.#broader.get(route);
    if (known !== undefined) return known;
    const { host, path } = this.first(route);
    const broader = fittingRoutes(this.table, host, path)
      .filter((other) => isMoreSpecific(route.pattern, other.pattern))
      .sort((a, b) => (isMoreSpecific(a.pattern, b.pattern) ? -1 : 1));
    this.#broader.set(route, broader);
    return broader;
  }

  #request(route: Route, method: string, taken: number, texts?: readonly string[]): CanonicalRequest {
    const { pattern } = route;
    const [first = []] = this.#choices(route);
    const formed = (texts ?? first).values();
    let path = '';
    for (const segment of pattern.segments) {
      if (segment.kind === 'rest') path += `/${escaped(this.#samples.unnamed)}`.repeat(taken);
      else if (segment.kind === 'literal') path += `/${escaped(segment.text)}`;
      else path += `/${escaped(segment.form === null ? this.#samples.unnamed : formed.next().value!)}`;
    }
    const host = this.#host(pattern.host);
    return { method, host, authority: host, path: path || '/', unmerged: null, query: '', ambiguities: 0 };
  }

  /** A host that matches no exact host and no longer wildcard, if the pattern leaves a choice. */
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

/** A literal as it appears in a path. */
function escaped(text: string): string {
  return oneSpelling.test(text) ? text : encodeURIComponent(text);
}

/** Such as `GET http://api.example.test/v1/orders`. */
export function exampleOf({ method, host, path }: CanonicalRequest): string {
  return `${method} http://${host}${path}`;
}

/** A method that the route accepts. */
export function methodOf({ methods, access }: Route): string {
  const [first = 'GET'] = access.every === null ? access.byMethod.keys() : (methods ?? []);
  return first;
}

/** Methods that the route lists; null: it accepts all methods. */
export function listedMethods(route: Route): readonly string[] | null {
  const { methods, access } = route;
  if (access.every !== null) return methods;
  return [...access.byMethod.keys()].filter((method) => claims(route, method));
}

/** One method for every rule of the route. */
export function methodsToAsk(route: Route): readonly string[] {
  const { byMethod } = route.access;
  const other = ['GET', ...ruleMethods].find((method) => !byMethod.has(method) && method !== 'HEAD')!;
  return listedMethods(route) ?? [...byMethod.keys(), other];
}

/** The rule for a method; null: the route does not accept it. */
export function ruleFor(route: Route, method: string): AccessRule | null {
  return claims(route, method) ? ruleOfAccess(route.access, method) : null;
}

function freshAmong(stem: string, taken: (text: string) => boolean): string {
  for (let n = 0; ; n += 1) {
    const text = n === 0 ? stem : `${stem}${n}`;
    if (!taken(text)) return text;
  }
}
