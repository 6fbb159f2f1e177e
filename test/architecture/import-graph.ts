/**
 * Reads the imports of a tree of modules and finds what breaks the directions of the house:
 * `main -> index, cli -> app -> rooms -> core, http1 -> nothing`. Works on a map of paths to texts, so that it can be shown
 * trees that are wrong.
 */
import { posix } from 'node:path';

/** Paths relative to `src`, with `/`, to module texts. */
export type Tree = ReadonlyMap<string, string>;

interface Import {
  readonly specifier: string;
  /** `import type` and `export type`: gone at run time. `import { type A }` is not: it still loads the module. */
  readonly typeOnly: boolean;
}

/** From the door inwards; a module imports from its own room and from levels further in. */
const levels = new Map([
  ['main', 0],
  ['index', 0],
  ['cli', 1],
  ['app', 2],
  ['config', 3],
  ['proxy', 3],
  ['admin', 3],
  ['identity', 3],
  ['assertion', 3],
  ['upstream', 3],
  ['telemetry', 3],
  ['auth-api', 3],
  ['redis', 3],
  ['policy-tools', 3],
  ['console', 3],
  ['core', 4],
  ['http1', 5],
]);

/** One line per violation, sorted; empty when the tree is as it should be. */
export function checkImports(tree: Tree): string[] {
  const problems: string[] = [];
  const edges = new Map<string, string[]>();
  for (const [path, text] of tree) {
    const targets: string[] = [];
    edges.set(path, targets);
    if (!levels.has(room(path))) problems.push(`${path}: not in a known room`);
    for (const { specifier, typeOnly } of readImports(text)) {
      if (!specifier.startsWith('.')) {
        if (room(path) === 'core') problems.push(`${path}: core imports ${specifier}`);
        continue;
      }
      const target = posix.join(posix.dirname(path), specifier);
      if (!tree.has(target)) problems.push(`${path}: there is no ${specifier}`);
      else {
        const fault = directionFault(path, target, typeOnly);
        if (fault !== null) problems.push(`${path}: ${fault} (${specifier})`);
        if (!typeOnly) targets.push(target);
      }
    }
  }
  return [...problems, ...findCycles(edges)].sort();
}

function directionFault(from: string, to: string, typeOnly: boolean): string | null {
  const [source, target] = [room(from), room(to)];
  if (source === target) return null;
  // Two libraries of the house that know nothing of each other.
  if (source === 'core' && target === 'http1') return 'core imports outwards from http1';
  const [sourceLevel = 0, targetLevel = 0] = [levels.get(source), levels.get(target)];
  if (sourceLevel < targetLevel) return null;
  if (sourceLevel > targetLevel) return `${source} imports outwards from ${target}`;
  return typeOnly ? null : `${source} imports more than types from ${target}`;
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
 * Cycles between the folders directly below `parent`, type imports included. A file that is in none of them counts as
 * above all: folders may not import it.
 */
export function checkFolders(tree: Tree, parent: string): string[] {
  const edges = new Map<string, Set<string>>();
  const problems: string[] = [];
  for (const [path, text] of tree) {
    if (!path.startsWith(`${parent}/`)) continue;
    const from = folderBelow(parent, path);
    if (from === null) continue;
    const targets = edges.get(from) ?? new Set();
    edges.set(from, targets);
    for (const { specifier } of readImports(text)) {
      const target = posix.join(posix.dirname(path), specifier);
      if (!specifier.startsWith('.') || !target.startsWith(`${parent}/`)) continue;
      const to = folderBelow(parent, target);
      if (to === null) problems.push(`${path}: a folder imports from above it (${specifier})`);
      else if (to !== from) targets.add(to);
    }
  }
  return [...problems, ...findCycles(new Map([...edges].map(([from, targets]) => [from, [...targets]])))].sort();
}

/** Null: the file is directly in `parent`. */
function folderBelow(parent: string, path: string): string | null {
  const [folder = '', file] = path.slice(parent.length + 1).split('/');
  return file === undefined ? null : folder;
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
