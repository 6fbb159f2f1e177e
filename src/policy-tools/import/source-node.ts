/** Reads the trees of other tools' files. Each function returns a value of the requested kind, or nothing. */
import { SourceError, type SourceNode } from './source-text.ts';

export function child(node: SourceNode | undefined, ...path: readonly string[]): SourceNode | undefined {
  let at = node;
  for (const key of path)
    at = at?.value instanceof Map ? (at.value as ReadonlyMap<string, SourceNode>).get(key) : undefined;
  return at;
}

/** A text. Numbers and words such as `true` as JSON writes them. */
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

/** Texts of a list; null if it is not a list or contains anything else. */
export function textsOf(node: SourceNode | undefined): readonly string[] | null {
  if (!Array.isArray(node?.value)) return null;
  const texts = listOf(node).map(({ value }) => value);
  return texts.every((text) => typeof text === 'string') ? texts : null;
}

/** The target of a reference within the document (`#/...`), or the node itself; null: it refers elsewhere. */
export function follow(document: SourceNode, node: SourceNode): SourceNode | null {
  let at = node;
  for (let steps = 0; steps < 16; steps += 1) {
    const reference = child(at, '$ref');
    if (reference === undefined) return at;
    const path = textOf(reference);
    // Keys beside a reference may change its meaning.
    if (path?.startsWith('#/') !== true || entriesOf(at).length > 1) return null;
    const keys = path
      .slice(2)
      .split('/')
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const target = child(document, ...keys);
    if (target === undefined) return null;
    at = target;
  }
  return null;
}

/** Throws `SourceError` for a node. */
export function refuse(node: SourceNode, what: string): never {
  throw new SourceError(`${node.file}:${node.line}: ${what}`);
}
