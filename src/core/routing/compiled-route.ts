/**
 * Routes as requests find them. Of thousands of routes, what a request reads of its own comes out of memory and not out of the
 * processor's caches, and each place there costs as much as the work of a stage. So what a route has in common with others
 * is one object for all of them, the little that is its own stands in front, and a route that has its pattern to itself
 * is the end of the path in the tree.
 */
import { type AccessRule, ruleFor } from '../policy/access.ts';
import type { Tail } from './plain-literals.ts';
import type { Route, RouteTraits } from './route.ts';

/** The routes of one pattern, where a path ends. */
export interface Leaf {
  /** What is to come behind the place from where only one way leads here; null: that is no such leaf. */
  tail: Tail | null;
  /** The route that has the pattern to itself, whatever the method; null: they share it by method. */
  alone: CompiledRoute | null;
  readonly byMethod: Map<string, CompiledRoute>;
  routes: CompiledRoute[];
}

/** As the end of a path it is the leaf of its own pattern, if it takes every method and is found in one place alone. */
export interface CompiledRoute extends Route, Leaf {
  readonly traits: CompiledTraits;
}

export interface CompiledTraits extends RouteTraits {
  /** The rule for GET, which most requests are, without a look into a map; null: GET is not allowed. */
  readonly get: AccessRule | null;
}

/** Nothing is ever added to them. */
const noMethods: Map<string, CompiledRoute> = new Map();
const noRoutes: CompiledRoute[] = [];

export function withTraits(routes: readonly Route[]): readonly CompiledRoute[] {
  const shared = new SharedTraits();
  return routes.map((route) => {
    const compiled: CompiledRoute = {
      tail: null,
      alone: null,
      index: route.index,
      traits: shared.of(route),
      id: route.id,
      byMethod: noMethods,
      routes: noRoutes,
      access: route.access,
      reading: route.reading,
      maxAgeMs: route.maxAgeMs,
      conditions: route.conditions,
      maxBodyBytes: route.maxBodyBytes,
      rewrite: route.rewrite,
      forwardCredentials: route.forwardCredentials,
      upstream: route.upstream,
      timeoutMs: route.timeoutMs,
      evict: route.evict,
      cors: route.cors,
      answers: route.answers,
      pattern: route.pattern,
      methods: route.methods,
      tolerates: route.tolerates,
      websocket: route.websocket,
      bodyBufferBytes: route.bodyBufferBytes,
      bodyRate: route.bodyRate,
      recheckMs: route.recheckMs,
      mode: route.mode,
    };
    return compiled;
  });
}

/** Each of them once; the compiler sees to it that none is left out. */
const traitNames = Object.keys({
  access: true,
  reading: true,
  maxAgeMs: true,
  conditions: true,
  maxBodyBytes: true,
  rewrite: true,
  forwardCredentials: true,
  upstream: true,
  timeoutMs: true,
  evict: true,
  cors: true,
  answers: true,
} satisfies Record<keyof RouteTraits, true>) as readonly (keyof RouteTraits)[];

class SharedTraits {
  /** Every value of a trait by its number: values are the same when they are one object. */
  readonly #numbers = new Map<unknown, number>();
  readonly #known = new Map<string, CompiledTraits>();
  #last: CompiledTraits | null = null;

  of(route: Route): CompiledTraits {
    const last = this.#last;
    // Like stands beside like in most files.
    if (last !== null && hasTraits(route, last)) return last;
    const key = traitNames.map((name) => this.#numberOf(route[name])).join();
    const traits = this.#known.get(key) ?? traitsOf(route);
    this.#known.set(key, traits);
    this.#last = traits;
    return traits;
  }

  #numberOf(value: unknown): number {
    const number = this.#numbers.get(value) ?? this.#numbers.size;
    this.#numbers.set(value, number);
    return number;
  }
}

/** Written out: it is asked of every route. */
function hasTraits(route: Route, traits: RouteTraits): boolean {
  return (
    route.access === traits.access &&
    route.reading === traits.reading &&
    route.maxAgeMs === traits.maxAgeMs &&
    route.conditions === traits.conditions &&
    route.maxBodyBytes === traits.maxBodyBytes &&
    route.rewrite === traits.rewrite &&
    route.forwardCredentials === traits.forwardCredentials &&
    route.upstream === traits.upstream &&
    route.timeoutMs === traits.timeoutMs &&
    route.evict === traits.evict &&
    route.cors === traits.cors &&
    route.answers === traits.answers
  );
}

function traitsOf(route: Route): CompiledTraits {
  const { access, reading, maxAgeMs, conditions, maxBodyBytes, rewrite } = route;
  const { forwardCredentials, upstream, timeoutMs, evict, cors, answers } = route;
  return {
    get: ruleFor(access, 'GET'),
    access,
    reading,
    maxAgeMs,
    conditions,
    maxBodyBytes,
    rewrite,
    forwardCredentials,
    upstream,
    timeoutMs,
    evict,
    cors,
    answers,
  };
}
