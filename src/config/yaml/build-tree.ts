/** Walks the YAML document once, builds the tree, and reports every key, tag and alias that is refused. */
import { isAlias, isMap, isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import type { ProblemList } from './problem.ts';
import { substituteEnv, type Variables } from './substitute-env.ts';
import type { MapEntry, Node, ScalarNode } from './tree.ts';

/** Maximum levels of nesting. */
const deepest = 32;
/** Whether a message may quote the name. Other names can be a secret, for example if a comma replaced the colon. */
export function isKeyLike(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(name);
}

/** Maximum nodes that all aliases together may expand to. Normal reuse is far below it, a bomb far above. */
const maxAliasedNodes = 10_000;
const coreTags: ReadonlySet<string> = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);
const prototypeKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

interface Built {
  readonly node: Node;
  /** Nodes within, with aliases expanded. */
  readonly weight: number;
}

export function buildTree(contents: unknown, variables: Variables, list: ProblemList): Node {
  const anchors = new Map<string, Built | null>();
  let aliased = 0;

  const build = (source: unknown, at: number, depth: number): Built => {
    if (isAlias(source)) return follow(source.source, source.range?.[0] ?? at);
    if (!isScalar(source) && !isMap(source) && !isSeq(source)) return leaf(at, null);
    const offset = source.range?.[0] ?? at;
    if (source.tag !== undefined && !coreTags.has(source.tag)) {
      list.report(offset, 'this YAML tag is not supported', 'remove the tag that starts with "!"');
      return leaf(offset, null, true);
    }
    if (depth > deepest) {
      list.report(offset, `the file is nested deeper than ${deepest} levels`);
      return leaf(offset, null, true);
    }
    const anchor = source.anchor;
    if (anchor !== undefined) anchors.set(anchor, null);
    const built = isScalar(source)
      ? readScalar(source.value, offset)
      : isMap(source)
        ? readMap(source, offset, depth)
        : readList(source, offset, depth);
    if (anchor !== undefined) anchors.set(anchor, built);
    return built;
  };

  const follow = (name: string, offset: number): Built => {
    const target = anchors.get(name);
    if (target === undefined || target === null) {
      // The name is not quoted, because it can be a secret that begins with "*".
      const message =
        target === null ? 'this alias is inside its own anchor' : 'there is no anchor of this name before the alias';
      list.report(offset, message, target === null ? null : 'a text that begins with "*" is written in quotes');
      return leaf(offset, null, true);
    }
    aliased += target.weight;
    if (aliased > maxAliasedNodes) {
      if (aliased - target.weight <= maxAliasedNodes) {
        list.report(offset, `aliases stand for more than ${maxAliasedNodes} values`, 'write the values out');
      }
      return leaf(offset, null, true);
    }
    return target;
  };

  const readScalar = (value: unknown, offset: number): Built => {
    if (typeof value === 'string') {
      if (!value.includes('${')) return leaf(offset, value);
      const substitution = substituteEnv(value, variables);
      if (!substitution.ok) {
        list.report(offset, substitution.message, substitution.hint);
        return leaf(offset, null, true);
      }
      for (const { name, value: secret } of substitution.used) list.conceal(secret, `\${${name}}`);
      return {
        node: { kind: 'scalar', offset, value: substitution.text, source: value, substituted: true, broken: false },
        weight: 1,
      };
    }
    if (typeof value === 'number' || typeof value === 'boolean') return leaf(offset, value);
    return leaf(offset, null);
  };

  const readList = (source: YAMLSeq, offset: number, depth: number): Built => {
    let weight = 1;
    const items = source.items.map((item) => {
      const built = build(item, offset, depth + 1);
      weight += built.weight;
      return built.node;
    });
    return { node: { kind: 'list', offset, items }, weight };
  };

  const readMap = (source: YAMLMap, offset: number, depth: number): Built => {
    let weight = 1;
    const entries = new Map<string, MapEntry>();
    for (const pair of source.items) {
      const key = readKey(pair, offset);
      const built = build(pair.value, key.end, depth + 1);
      weight += 1 + built.weight;
      if (key.name === null) continue;
      if (entries.has(key.name)) {
        list.report(
          key.offset,
          isKeyLike(key.name) ? `the key "${key.name}" is repeated` : 'this key is repeated',
          'remove one of the two: neither is silently preferred',
        );
        continue;
      }
      entries.set(key.name, { keyOffset: key.offset, value: built.node });
    }
    return { node: { kind: 'map', offset, entries }, weight };
  };

  const readKey = (pair: Pair, at: number): { name: string | null; offset: number; end: number } => {
    const { key } = pair;
    if (!isScalar(key)) {
      const offset = isMap(key) || isSeq(key) || isAlias(key) ? (key.range?.[0] ?? at) : at;
      list.report(offset, 'a key must be plain text');
      return { name: null, offset, end: offset };
    }
    const offset = key.range?.[0] ?? at;
    const end = key.range?.[1] ?? offset;
    const name = typeof key.value === 'string' ? key.value : (key.source ?? '');
    if (name === '') {
      list.report(offset, 'a key is missing before ":"');
    } else if (name === '<<') {
      list.report(offset, 'merge keys ("<<") are not supported', 'write the keys out');
    } else if (prototypeKeys.has(name)) {
      list.report(offset, `"${name}" cannot be used as a key`);
    } else if (key.tag !== undefined && !coreTags.has(key.tag)) {
      list.report(offset, 'this YAML tag is not supported', 'remove the tag that starts with "!"');
    } else {
      return { name, offset, end };
    }
    return { name: null, offset, end };
  };

  return build(contents, 0, 0).node;
}

function leaf(offset: number, value: ScalarNode['value'], broken = false): Built {
  return { node: { kind: 'scalar', offset, value, source: value, substituted: false, broken }, weight: 1 };
}
