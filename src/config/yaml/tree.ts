/**
 * The configuration file as a tree with positions, after aliases are resolved, variables are inserted, and keys are checked to be
 * plain, distinct strings.
 */

export type Node = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly offset: number;
  readonly value: string | number | boolean | null;
  /** With references to variables instead of their values. */
  readonly source: string | number | boolean | null;
  /** The text contains values of variables, so no message may show it. */
  readonly substituted: boolean;
  /** A problem of this value has already been reported; nothing more is reported about it. */
  readonly broken: boolean;
}

export interface ListNode {
  readonly kind: 'list';
  readonly offset: number;
  readonly items: readonly Node[];
}

export interface MapNode {
  readonly kind: 'map';
  readonly offset: number;
  /** In file order. */
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export interface MapEntry {
  readonly keyOffset: number;
  readonly value: Node;
}

/** Keys and list positions, from the root. */
export type Path = readonly (string | number)[];

/** The node at the path; null if the file does not contain it. */
export function findNode(root: Node, path: Path): Node | null {
  let node: Node | null = root;
  for (const step of path) node = node === null ? null : childAt(node, step);
  return node;
}

/** The node at the path, or the deepest one above it: the best place to report a problem. */
export function nodeAt(root: Node, path: Path): Node {
  let node = root;
  for (const step of path) {
    const next = childAt(node, step);
    if (next === null) break;
    node = next;
  }
  return node;
}

function childAt(node: Node, step: string | number): Node | null {
  if (node.kind === 'map') return node.entries.get(String(step))?.value ?? null;
  return node.kind === 'list' ? (node.items[Number(step)] ?? null) : null;
}

/** Offset of the last key of the path, or of the deepest node above it. */
export function keyOffsetAt(root: Node, path: Path): number {
  const parent = nodeAt(root, path.slice(0, -1));
  const entry = parent.kind === 'map' ? parent.entries.get(String(path.at(-1))) : undefined;
  return entry?.keyOffset ?? nodeAt(root, path).offset;
}
