/**
 * One request target for every class that two route tables can distinguish. All paths of a class lead to the same route in each
 * table, so comparing one of them compares all. The search walks both tables' trees together, as one runs a text through two
 * automata at once, and visits each state only once.
 */
import type { PathNode, RouteTable, RouteTrees } from '../core/routing/route-table.ts';
import { noForm, textsFor } from '../core/url/form-texts.ts';
import { takes } from '../core/url/param-form.ts';
import { foldCase } from '../core/url/path-reading.ts';

export interface HostPath {
  readonly host: string;
  /** Canonical. */
  readonly path: string;
  /** Bits of `Ambiguity` of the path as it came; 0 if absent. */
  readonly ambiguities?: number;
}

export function* targetsOf(a: RouteTable, b: RouteTable): Generator<HostPath> {
  const walker = new Walker();
  for (const host of hostsOf([a, b])) {
    const roots = [...rootsFor(a, host), ...rootsFor(b, host)];
    for (const path of walker.walk(roots)) yield { host, path };
  }
}

/** Every exact host, one host for every wildcard that no more specific pattern matches, and one that no route lists. */
function hostsOf(tables: readonly RouteTable[]): readonly string[] {
  const exact = new Set(tables.flatMap(({ exactHosts }) => [...exactHosts.keys()]));
  const suffixes = new Set(tables.flatMap(({ wildcardHosts }) => wildcardHosts.map(({ suffix }) => suffix)));
  const hosts = [...exact];
  for (const suffix of suffixes) {
    const longer = [...suffixes].filter((other) => other.length > suffix.length);
    hosts.push(
      fresh(
        (n) => `any${n}${suffix}`,
        (host) => exact.has(host) || longer.some((other) => fits(host, other)),
      ),
    );
  }
  hosts.push(
    fresh(
      (n) => `any${n}.example`,
      (host) => exact.has(host) || [...suffixes].some((suffix) => fits(host, suffix)),
    ),
  );
  return hosts;
}

function fits(host: string, suffix: string): boolean {
  return host.length > suffix.length && host.endsWith(suffix);
}

/** If the service ignores letter case, every route may match a path in any case. */
function rootsFor(table: RouteTable, host: string): readonly PathNode[] {
  return [...rootsIn(table, host), ...(table.folded === null ? [] : rootsIn(table.folded, host))];
}

function rootsIn({ exactHosts, wildcardHosts, anyHost }: RouteTrees, host: string): readonly PathNode[] {
  const exact = exactHosts.get(host);
  const wild = wildcardHosts.filter(({ suffix }) => fits(host, suffix)).map(({ root }) => root);
  return [...(exact === undefined ? [] : [exact]), ...wild, anyHost];
}

class Walker {
  readonly #ids = new Map<PathNode, number>();

  *walk(roots: readonly PathNode[]): Generator<string> {
    const seen = new Set<string>();
    const pending: { nodes: readonly PathNode[]; rests: readonly PathNode[]; segments: readonly string[] }[] = [
      { nodes: roots, rests: [], segments: [] },
    ];
    for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
      const { nodes, segments } = state;
      // The search can fall back to every `**` that it has passed.
      const rests = [...state.rests, ...nodes.filter(({ rest }) => rest !== null)];
      yield `/${segments.map(encodeURIComponent).join('/')}`;
      if (nodes.length === 0) continue;
      for (const segment of alphabet(nodes)) {
        const next = nodes.flatMap((node) => step(node, segment));
        const key = this.#key(next, rests);
        if (seen.has(key)) continue;
        seen.add(key);
        pending.push({ nodes: next, rests, segments: [...segments, segment] });
      }
    }
  }

  #key(nodes: readonly PathNode[], rests: readonly PathNode[]): string {
    const list = (all: readonly PathNode[]) =>
      all
        .map((node) => this.#id(node))
        .sort((x, y) => x - y)
        .join(',');
    return `${list(nodes)}|${list(rests)}`;
  }

  #id(node: PathNode): number {
    const known = this.#ids.get(node);
    if (known !== undefined) return known;
    this.#ids.set(node, this.#ids.size);
    return this.#ids.size - 1;
  }
}

/** Segments that lead to different places: literals, one for every set of forms, and one that no pattern contains. */
function alphabet(nodes: readonly PathNode[]): readonly string[] {
  const named = new Set<string>();
  const ignoringCase = new Set<string>();
  const spelled = new Set<string>();
  for (const { literals, folded } of nodes) {
    for (const text of literals.keys()) named.add(text);
    for (const text of folded?.keys() ?? []) ignoringCase.add(text);
  }
  for (const text of ignoringCase) for (const spelling of spellingsOf(text, named)) spelled.add(spelling);
  for (const text of spelled) named.add(text);
  const taken = new Set([...named].map(foldCase));
  const formed = nodes.flatMap((node) => node.formed ?? []);
  return [
    ...named,
    ...(formed.length === 0 ? [] : textsFor(formed, named)),
    noForm(formed, (text) => taken.has(foldCase(text)), 'any'),
  ];
}

/** Spellings of a text that matches in any case: both cases, and one that differs from every neighboring literal. */
function spellingsOf(text: string, literals: ReadonlySet<string>): readonly string[] {
  const mixed = Array.from({ length: text.length }, (_, at) => text.slice(0, at) + text.slice(at).toUpperCase());
  const apart = mixed.find((spelling) => !literals.has(spelling));
  return [text, text.toUpperCase(), ...(apart === undefined ? [] : [apart])];
}

function step({ literals, folded, formed, param }: PathNode, segment: string): readonly PathNode[] {
  const next = [literals.get(segment), folded?.get(foldCase(segment)), param ?? undefined];
  const taking = (formed ?? []).filter((branch) => takes(branch, segment)).map(({ node }) => node);
  return [...next.filter((node) => node !== undefined), ...taking];
}

function fresh(make: (n: string) => string, taken: (text: string) => boolean): string {
  for (let n = 0; ; n += 1) {
    const text = make(n === 0 ? '' : `${n}`);
    if (!taken(text)) return text;
  }
}
