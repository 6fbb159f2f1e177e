/**
 * Reads a plain file in one pass: mappings with keys of one line, lists, scalars of one line, both between brackets too.
 * What is written in any other way, or holds a mistake, is left to the library (`NotPlain`), so that a file has one
 * meaning and one set of messages. Ten thousand routes take a twentieth of the library's time.
 */
import { deepest, isRefusedKey } from './build-tree.ts';
import { CommonValues, type ValuesOfKey } from './common-values.ts';
import { Entries } from './entries.ts';
import { NotPlain } from './not-plain.ts';
import { plainValue } from './plain-scalar.ts';
import { closeBrace, closeBracket, colon, comma, dash, openBrace, openBracket, PlainText } from './plain-text.ts';
import { substituteEnv, type UsedVariable } from './substitute-env.ts';
import { type MapNode, type Node, ReadEntry } from './tree.ts';

/** Of what stands in a list of the file itself: an item. */
const itemDepth = 2;
/** The library allows 1024 characters from a key to its colon. */
const longestKey = 1000;

export interface PlainFile {
  readonly root: Node;
  /** Variables whose values stand in the tree. */
  readonly used: readonly UsedVariable[];
}

/** Reads a mapping in a list of the file, such as one of its `routes`; null: there is more to say of it, and its tree is needed. */
type ReadItem = (item: MapNode) => { readonly value: unknown } | null;
/** Of the list with that name; null: all trees of it are needed. */
export type ReaderOfList = (list: string) => ReadItem | null;

/** Throws `NotPlain`. */
export function readPlainFile(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  readerOf: ReaderOfList,
): PlainFile {
  const source = new PlainText(text);
  /** For the list that is being read. */
  let readItem: ReadItem | null = null;
  /** Of its items. */
  let common = new CommonValues();
  /** Whether what is being read is an item that may have values in common with others. */
  let shares = false;
  /** There is more to say of an item, so it and those behind it are read with their own places. */
  let hasProblems = false;
  const used: UsedVariable[] = [];
  /** Kept until another one is asked for: a long entry can have a problem in each of its lines. */
  let lastMade: MapNode | null = null;

  const beginSection = (name: string): void => {
    readItem = readerOf(name);
    common = new CommonValues();
  };

  /** A scalar whose text was read; `isPlain`: it may be a number, a word for true, or the like. */
  const scalar = (offset: number, written: string, isPlain: boolean): Node => {
    if (!written.includes('${')) return leaf(offset, isPlain ? plainValue(written) : written);
    const substitution = substituteEnv(written, env);
    if (!substitution.ok) throw new NotPlain();
    used.push(...substitution.used);
    return { kind: 'scalar', offset, value: substitution.text, substituted: true, broken: false };
  };

  /** What begins here, in the midst of a line or at its start; `indent`: of the collection around it. */
  const block = (indent: number, depth: number, atLineStart: boolean): Node => {
    checkDepth(depth);
    const column = source.here;
    if (source.isIndicator(dash)) return list(column, depth);
    const offset = source.at;
    if (atBracket()) return ended(flow(indent, depth));
    const isPlain = !source.isQuote();
    const written = isPlain ? source.plain() : source.quoted();
    if (source.isIndicator(colon)) return map(column, depth, offset, written);
    // In a line of its own it could go on in the next one.
    if (isPlain && atLineStart) throw new NotPlain();
    return ended(scalar(offset, written, isPlain));
  };

  const atBracket = (): boolean => source.code === openBracket || source.code === openBrace;

  const ended = (node: Node): Node => {
    source.endLine();
    return node;
  };

  /** Begins behind its first key. */
  const map = (indent: number, depth: number, offset: number, firstKey: string): Node => {
    const entries = new Entries();
    let keyOffset = offset;
    let key = firstKey;
    for (;;) {
      if (source.at - keyOffset > longestKey) throw new NotPlain();
      source.at += 1;
      if (depth === 0) beginSection(key);
      const isShared = shares && depth === itemDepth;
      addEntry(entries, key, keyOffset, isShared ? itemValue(key, indent) : entryValue(indent, depth + 1));
      if (source.column < indent) return { kind: 'map', offset, entries };
      if (source.column > indent) throw new NotPlain();
      keyOffset = source.at;
      key = source.isQuote() ? source.quoted() : source.plain();
      if (!source.isIndicator(colon)) throw new NotPlain();
    }
  };

  /** What a key of an item has, or what another item had in the same words. */
  const itemValue = (key: string, indent: number): Node => {
    source.skipSpaces();
    const values = atBracket() || source.atLineEnd() ? common.of(key) : null;
    return values === null ? entryValue(indent, itemDepth + 1) : commonValue(values, indent);
  };

  const commonValue = (values: ValuesOfKey, indent: number): Node => {
    const { at } = source;
    const lines = source.linesBelow(indent);
    const end = at + lines.length;
    const known = values.find(lines);
    if (known !== undefined) {
      source.goOnAt(end);
      if (source.column <= indent) return known;
      // It goes on, behind a comment that is not as deep.
      source.returnTo(at);
    }
    const node = entryValue(indent, itemDepth + 1);
    if (node.kind === 'scalar' || !source.endedAt(end)) return node;
    const shared = { ...node, reading: { plan: null, value: undefined } };
    values.keep(lines, shared);
    return shared;
  };

  /** What a key has: in its line, or below. A list may stand as deep as the key. */
  const entryValue = (indent: number, depth: number): Node => {
    source.skipSpaces();
    const offset = source.at;
    if (source.atLineEnd()) {
      source.endLine();
      const isBelow = source.column > indent || (source.column === indent && source.isIndicator(dash));
      return isBelow ? block(indent, depth, true) : nothing(offset, depth);
    }
    checkDepth(depth);
    if (atBracket()) return ended(flow(indent, depth));
    return ended(source.isQuote() ? scalar(offset, source.quoted(), false) : scalar(offset, source.plain(), true));
  };

  const list = (indent: number, depth: number): Node => {
    const { at: offset } = source;
    const items: Node[] = [];
    do {
      source.at += 1;
      source.skipSpaces();
      items.push(depth + 1 === itemDepth && readItem !== null ? readNow(indent, readItem) : item(indent, depth + 1));
      if (source.column > indent) throw new NotPlain();
    } while (source.column === indent && source.isIndicator(dash));
    return { kind: 'list', offset, items };
  };

  /** What stands behind a dash, in its line or below. */
  const item = (indent: number, depth: number): Node => {
    const { at: place } = source;
    if (!source.atLineEnd()) return block(indent, depth, false);
    source.endLine();
    return source.column > indent ? block(indent, depth, true) : nothing(place, depth);
  };

  const readNow = (indent: number, read: ReadItem): Node => {
    const { at: place } = source;
    shares = !hasProblems;
    const node = item(indent, itemDepth);
    shares = false;
    if (node.kind !== 'map') return node;
    const value = read(node);
    if (value !== null) return new ReadEntry(node.offset, value.value, again(indent));
    hasProblems = true;
    source.returnTo(place);
    return item(indent, itemDepth);
  };

  /** Makes the tree of an item that was let go of. */
  const again = (indent: number) => (offset: number) => {
    if (lastMade?.offset === offset) return lastMade.entries;
    source.returnTo(offset);
    lastMade = block(indent, itemDepth, false) as MapNode;
    return lastMade.entries;
  };

  /** Behind one bracket and up to the other: `item` reads what stands between two commas. */
  const between = (indent: number, depth: number, close: number, item: () => void): void => {
    checkDepth(depth);
    source.at += 1;
    for (;;) {
      source.skipBetween(indent);
      if (source.code === close) break;
      item();
      source.skipBetween(indent);
      if (source.code === close) break;
      if (source.code !== comma) throw new NotPlain();
      source.at += 1;
    }
    source.at += 1;
  };

  const flow = (indent: number, depth: number): Node => {
    const { at: offset } = source;
    if (source.code === openBracket) {
      let items: Node[] | null = null;
      between(indent, depth, closeBracket, () => {
        const item = flowValue(indent, depth + 1);
        // Most lists have one item, and an empty array would make room for seventeen.
        if (items === null) items = [item];
        else items.push(item);
      });
      return { kind: 'list', offset, items: items ?? [] };
    }
    const entries = new Entries();
    between(indent, depth, closeBrace, () => {
      const { at: keyOffset } = source;
      const key = source.isQuote() ? source.quoted() : source.plainBetween();
      if (!source.isIndicator(colon) || source.at - keyOffset > longestKey) throw new NotPlain();
      source.at += 1;
      source.skipBetween(indent);
      addEntry(entries, key, keyOffset, flowValue(indent, depth + 1));
    });
    return { kind: 'map', offset, entries };
  };

  const flowValue = (indent: number, depth: number): Node => {
    checkDepth(depth);
    const { at: offset } = source;
    if (atBracket()) return flow(indent, depth);
    return source.isQuote() ? scalar(offset, source.quoted(), false) : scalar(offset, source.plainBetween(), true);
  };

  if (source.column !== 0) throw new NotPlain();
  const root = block(-1, 0, true);
  if (root.kind !== 'map' || source.column >= 0) throw new NotPlain();
  return { root, used };
}

function addEntry(entries: Entries, name: string, keyOffset: number, value: Node): void {
  if (name === '' || isRefusedKey(name) || entries.get(name) !== null) throw new NotPlain();
  entries.add(name, keyOffset, value);
}

function checkDepth(depth: number): void {
  if (depth > deepest) throw new NotPlain();
}

function nothing(offset: number, depth: number): Node {
  checkDepth(depth);
  return leaf(offset, null);
}

function leaf(offset: number, value: string | number | boolean | null): Node {
  return { kind: 'scalar', offset, value, substituted: false, broken: false };
}
