/**
 * Makes the tree of a plain file from the token tree of the YAML library, without its document in between: mappings
 * with keys of one line, lists, scalars, both between brackets too. What is written in any other way, or holds a
 * mistake, is left to the library (`NotPlain`), so that a file has one meaning and one set of messages.
 */
import type { CST } from 'yaml';
import { deepest, isRefusedKey } from './build-tree.ts';
import { NotPlain } from './not-plain.ts';
import { checkComma, checkEnd, checkProps, placeOfNothing } from './plain-props.ts';
import { createPlainValues, scalarText } from './plain-scalar.ts';
import { substituteEnv, type UsedVariable } from './substitute-env.ts';
import type { MapEntry, Node } from './tree.ts';

/** The library allows 1024 characters from a key to its colon. */
const longestKey = 1000;

export interface PlainTree {
  /** Throws `NotPlain`. */
  build(token: CST.Token, depth: number): Node;
  /** Items of a list that is still growing: all but the last two, which its parser still looks at. */
  takeFinished(list: CST.BlockSequence, depth: number): void;
  /** Variables whose values stand in the tree. */
  readonly used: readonly UsedVariable[];
}

export function createPlainTree(env: Readonly<Record<string, string | undefined>>): PlainTree {
  const plainValue = createPlainValues();
  const begun = new Map<CST.BlockSequence, Node[]>();
  const used: UsedVariable[] = [];

  const build = (token: CST.Token, depth: number): Node => {
    if (depth > deepest) throw new NotPlain();
    switch (token.type) {
      case 'scalar':
      case 'single-quoted-scalar':
      case 'double-quoted-scalar':
        checkEnd(token.end);
        return readScalar(token);
      case 'block-scalar':
        return readScalar(token);
      case 'block-map':
        return readMap(token, depth);
      case 'block-seq':
        return readList(token, depth);
      case 'flow-collection':
        return readFlow(token, depth);
      default:
        throw new NotPlain();
    }
  };

  const readScalar = (token: CST.FlowScalar | CST.BlockScalar): Node => {
    const text = scalarText(token);
    if (!text.includes('${')) return leaf(token.offset, token.type === 'scalar' ? plainValue(text) : text);
    const substitution = substituteEnv(text, env);
    if (!substitution.ok) throw new NotPlain();
    used.push(...substitution.used);
    return { kind: 'scalar', offset: token.offset, value: substitution.text, substituted: true, broken: false };
  };

  const readMap = ({ items, offset, indent }: CST.BlockMap, depth: number): Node => {
    const entries = new Map<string, MapEntry>();
    for (const [index, { start, key, sep, value }] of items.entries()) {
      checkProps(start, null, true);
      if (key === undefined && sep === undefined && index === items.length - 1) continue;
      if (sep === undefined || !isPlainKey(key) || key.indent !== indent) throw new NotPlain();
      checkProps(sep, 'map-value-ind', false);
      if (value?.type === 'block-map' && !sep.some(({ type }) => type === 'newline')) throw new NotPlain();
      const at = sep.find(({ type }) => type === 'map-value-ind')?.offset ?? Infinity;
      if (at - key.offset > longestKey) throw new NotPlain();
      const node = value === undefined ? nothing(sep, depth + 1) : build(value, depth + 1);
      addEntry(entries, key, node);
    }
    return { kind: 'map', offset, entries };
  };

  const readItem = ({ start, value }: CST.BlockSequence['items'][number], depth: number): Node => {
    checkProps(start, 'seq-item-ind', true);
    return value === undefined ? nothing(start, depth + 1) : build(value, depth + 1);
  };

  const readList = (list: CST.BlockSequence, depth: number): Node => {
    const nodes = begun.get(list) ?? [];
    for (const [index, item] of list.items.entries()) {
      const isLast = index === list.items.length - 1;
      // Comments below the last item.
      if (isLast && item.value === undefined && !item.start.some(({ type }) => type === 'seq-item-ind')) {
        checkProps(item.start, null, true);
      } else nodes.push(readItem(item, depth));
    }
    return { kind: 'list', offset: list.offset, items: nodes };
  };

  const readFlow = ({ start: { source }, items, end, offset }: CST.FlowCollection, depth: number): Node => {
    const [close, ...after] = end;
    const isMap = source === '{';
    if (close?.source !== (isMap ? '}' : ']')) throw new NotPlain();
    checkEnd(after);
    const entries = new Map<string, MapEntry>();
    const nodes: Node[] = [];
    for (const [index, { start, key, sep, value }] of items.entries()) {
      const isEmpty = key === undefined && sep === undefined && value === undefined;
      if (isEmpty && index === 0 && index === items.length - 1) {
        checkProps(start, null, false);
        continue;
      }
      checkComma(start, index === 0);
      if (isEmpty && index === items.length - 1) continue;
      if (value === undefined || value.type === 'block-map' || value.type === 'block-seq') throw new NotPlain();
      const node = build(value, depth + 1);
      if (isMap) {
        if (sep === undefined || !isPlainKey(key)) throw new NotPlain();
        checkProps(sep, 'map-value-ind', false);
        addEntry(entries, key, node);
      } else if (sep === undefined && key === undefined) nodes.push(node);
      else throw new NotPlain();
    }
    return isMap ? { kind: 'map', offset, entries } : { kind: 'list', offset, items: nodes };
  };

  return {
    build,
    used,
    takeFinished(list, depth) {
      const nodes = begun.get(list) ?? [];
      for (const item of list.items.splice(0, list.items.length - 2)) nodes.push(readItem(item, depth));
      begun.set(list, nodes);
    },
  };
}

function addEntry(entries: Map<string, MapEntry>, key: CST.FlowScalar, value: Node): void {
  const name = scalarText(key);
  if (name === '' || isRefusedKey(name) || entries.has(name)) throw new NotPlain();
  entries.set(name, { keyOffset: key.offset, value });
}

function isPlainKey(key: CST.Token | null | undefined): key is CST.FlowScalar {
  switch (key?.type) {
    case 'scalar':
    case 'single-quoted-scalar':
    case 'double-quoted-scalar':
      return key.end === undefined && !key.source.includes('\n');
    default:
      return false;
  }
}

function nothing(before: readonly CST.SourceToken[], depth: number): Node {
  if (depth > deepest) throw new NotPlain();
  return leaf(placeOfNothing(before), null);
}

function leaf(offset: number, value: string | number | boolean | null): Node {
  return { kind: 'scalar', offset, value, substituted: false, broken: false };
}
