/** Looks into the trees of other tools' files: each answer is a value of the kind that was asked for, or nothing. */
import { SourceError, type SourceNode } from './source-text.ts';

export function child(node: SourceNode | undefined, ...path: readonly string[]): SourceNode | undefined {
  let at = node;
  for (const key of path)
    at = at?.value instanceof Map ? (at.value as ReadonlyMap<string, SourceNode>).get(key) : undefined;
  return at;
}

/** A text; numbers and words such as `true` as they are written in JSON. */
export function textOf(node: SourceNode | undefined): string | null {
  const value = node?.value;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

export function listOf(node: SourceNode | undefined): readonly SourceNode[] {
  return Array.isArray(node?.value) ? (node.value as readonly SourceNode[]) : [];
}

export function entriesOf(node: SourceNode | undefined): readonly (readonly [key: string, value: SourceNode])[] {
  return isMapping(node) ? [...node.value] : [];
}

export function isMapping(
  node: SourceNode | undefined,
): node is SourceNode & { readonly value: ReadonlyMap<string, SourceNode> } {
  return node?.value instanceof Map;
}

/** Texts of a list; null where something else is among them, or where it is no list. */
export function textsOf(node: SourceNode | undefined): readonly string[] | null {
  if (!Array.isArray(node?.value)) return null;
  const texts = listOf(node).map(({ value }) => value);
  return texts.every((text) => typeof text === 'string') ? texts : null;
}

/** Throws `SourceError` for a node. */
export function refuse(node: SourceNode, what: string): never {
  throw new SourceError(`${node.file}:${node.line}: ${what}`);
}
