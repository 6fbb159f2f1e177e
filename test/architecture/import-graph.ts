/**
 * Reads the imports of a tree of modules, and finds what breaks the order of the house: its rooms are on floors, and a room imports
 * from lower floors only. Works on a map of paths to texts, so that it can be shown trees that are wrong.
 */
import { posix } from 'node:path';

/** Paths relative to `src`, with `/`, to module texts. */
export type Tree = ReadonlyMap<string, string>;

interface Import {
  readonly specifier: string;
  /** `import type` and `export type`: gone at run time. `import { type A }` is not: it still loads the module. */
  readonly typeOnly: boolean;
}

/** From the ground up. A room imports, values and types alike, from rooms below its floor: never from one beside or above it. */
export const floors: readonly (readonly string[])[] = [
  ['core', 'http1', 'sealing'],
  ['config', 'limits', 'tls', 'proxy-protocol', 'http2'],
  ['redis', 'upstream', 'operations'],
  ['identity', 'assertion'],
  ['telemetry'],
  ['request-line', 'policy-model'],
  ['proxy', 'authorizer', 'middleware', 'sign-in', 'admin', 'auth-api', 'policy-tools'],
  ['app'],
  ['cli'],
  ['main', 'index', 'in-process', 'verify'],
];

const floorOf = new Map(floors.flatMap((rooms, at) => rooms.map((name) => [name, at + 1] as const)));

/** One line per violation, sorted; empty when the tree is as it should be. */
export function checkImports(tree: Tree): string[] {
  const problems: string[] = [];
  const edges = new Map<string, string[]>();
  for (const [path, text] of tree) {
    const targets: string[] = [];
    edges.set(path, targets);
    if (!floorOf.has(room(path))) problems.push(`${path}: not in a known room`);
    for (const { specifier, typeOnly } of readImports(text)) {
      if (!specifier.startsWith('.')) {
        if (room(path) === 'core') problems.push(`${path}: core imports ${specifier}`);
        continue;
      }
      const target = posix.join(posix.dirname(path), specifier);
      if (!tree.has(target)) problems.push(`${path}: there is no ${specifier}`);
      else {
        const fault = directionFault(path, target);
        if (fault !== null) problems.push(`${path}: ${fault} (${specifier})`);
        if (!typeOnly) targets.push(target);
      }
    }
  }
  return [...problems, ...findCycles(edges)].sort();
}

function directionFault(from: string, to: string): string | null {
  const [source, target] = [room(from), room(to)];
  if (source === target) return null;
  const [floor = 0, targetFloor = 0] = [floorOf.get(source), floorOf.get(target)];
  return floor > targetFloor ? null : `${source} (floor ${floor}) imports from ${target} (floor ${targetFloor})`;
}

/** First segment of the path; a module that stands directly in `src` is a room of its own. */
function room(path: string): string {
  return (path.split('/')[0] ?? '').replace(/\.ts$/, '');
}

/** Statements stand at the start of a line, as the formatter writes them; `import()` may stand anywhere. */
export function readImports(text: string): Import[] {
  const found: Import[] = [];
  const statement = /^(?:import|export)\s+(type\s+)?(?:[\w$*{][\w$*{},\s]*?\s*from\s*)?['"]([^'"\n]+)['"]/gm;
  for (const [, type, specifier = ''] of text.matchAll(statement)) {
    found.push({ specifier, typeOnly: type !== undefined });
  }
  for (const [, specifier = ''] of text.matchAll(/\bimport\(\s*['"]([^'"\n]+)['"]/g)) {
    found.push({ specifier, typeOnly: false });
  }
  return found;
}

/**
 * Circles that run through a folder, type imports included, each as its shortest way from that folder back to it. At every
 * level what counts are the folders and files directly in it, so a file that folders share is no circle as long as it
 * imports none of them.
 */
export function checkFolders(tree: Tree): string[] {
  const imports = [...tree].flatMap(([path, text]) =>
    readImports(text)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier }) => [path, posix.join(posix.dirname(path), specifier)] as const),
  );
  return foldersOf(tree).flatMap((parent) => {
    const edges = new Map<string, Set<string>>();
    for (const [path, target] of imports) {
      const [from, to] = [childOf(parent, path), childOf(parent, target)];
      if (from !== null && to !== null && from !== to) edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
    const folders = [...edges.keys()].filter((name) => !name.endsWith('.ts')).sort();
    return folders.flatMap((folder) => {
      const way = wayBack(edges, folder);
      return way === null ? [] : [`in ${parent}/: ${way.join(' -> ')}`];
    });
  });
}

/** Every folder of the tree, the tree itself as "src". */
function foldersOf(tree: Tree): string[] {
  const folders = new Set<string>();
  for (const path of tree.keys()) {
    for (let at = posix.dirname(`src/${path}`); at !== '.'; at = posix.dirname(at)) folders.add(at);
  }
  return [...folders].sort();
}

/** The folder or file directly in `parent` that is the path or holds it; null: it is not in there. */
function childOf(parent: string, path: string): string | null {
  const whole = `src/${path}`;
  return whole.startsWith(`${parent}/`) ? (whole.slice(parent.length + 1).split('/')[0] ?? null) : null;
}

function wayBack(edges: ReadonlyMap<string, ReadonlySet<string>>, start: string): readonly string[] | null {
  const ways = [[start]];
  const seen = new Set<string>();
  // An array that grows is walked to its new end.
  for (const way of ways) {
    for (const next of edges.get(way.at(-1)!) ?? []) {
      if (next === start) return [...way, start];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return null;
}

/** Each cycle once, written from its first module by name. */
function findCycles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles = new Set<string>();
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      const cycle = trail.slice(start);
      const first = cycle.indexOf([...cycle].sort()[0] ?? '');
      const turned = [...cycle.slice(first), ...cycle.slice(0, first)];
      cycles.add(`cycle: ${[...turned, turned[0]].join(' -> ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return [...cycles];
}
