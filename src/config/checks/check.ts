/** What every check of meaning works with: places by path, and names shown only when they are the author's own text. */
import { nameHint } from '../nearest-name.ts';
import type { ConfigProblem, ProblemList } from '../problem.ts';
import type { LineIndex } from '../yaml/line-index.ts';
import { findNode, keyOffsetAt, type Node, nodeAt, type Path } from '../yaml/tree.ts';

export interface Check {
  /** Reports a problem of the value at the path. */
  at(path: Path, message: string, hint?: string | null): void;
  /** Reports a problem of the key at the end of the path. */
  atKey(path: Path, message: string, hint?: string | null): void;
  /** A problem of the value, or with `ofKey` of the key at the end of the path, that is not reported here. */
  problem(path: Path, message: string, hint: string | null, ofKey?: boolean): ConfigProblem;
  /** Whether the value is the author's own text, without a variable in it, so that a message may show it. */
  isOwn(path: Path): boolean;
  /** The name in quotes, or "this value" when it came from a variable. */
  quote(path: Path, name: string): string;
  /** The nearest known name, or all of them; nothing for a name that came from a variable. */
  nearest(path: Path, name: string, known: Iterable<string>): string | null;
  /** Whether the file itself has this key. */
  has(path: Path): boolean;
  /** Keys of the mapping at the path, as written; null when there is no mapping. */
  keys(path: Path): readonly string[] | null;
  lineOf(path: Path): number;
  /** Reads a secret file; throws when it cannot. */
  readonly readSecret: (path: string) => string;
  conceal(value: string, shownAs: string): void;
}

export function createCheck(
  root: Node,
  lines: LineIndex,
  list: ProblemList,
  readSecret: (path: string) => string,
): Check {
  const isOwn = (path: Path): boolean => {
    const node = nodeAt(root, path);
    return node.kind !== 'scalar' || !node.substituted;
  };
  return {
    at: (path, message, hint = null) => list.report(nodeAt(root, path).offset, message, hint),
    atKey: (path, message, hint = null) => list.report(keyOffsetAt(root, path), message, hint),
    problem: (path, message, hint, ofKey = false) =>
      list.describe(ofKey ? keyOffsetAt(root, path) : nodeAt(root, path).offset, message, hint),
    isOwn,
    quote: (path, name) => (isOwn(path) ? `"${name}"` : 'this value'),
    nearest: (path, name, known) => (isOwn(path) ? nameHint(name, known) : null),
    has(path) {
      return findNode(root, path) !== null;
    },
    keys(path) {
      const node = findNode(root, path);
      return node?.kind === 'map' ? [...node.entries.keys()] : null;
    },
    lineOf: (path) => lines.position(nodeAt(root, path).offset).line,
    readSecret,
    conceal: list.conceal,
  };
}
