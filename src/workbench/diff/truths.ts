/**
 * Which truths of several statements can stand together. Statements about one value are tried on every kind of value
 * that they can tell apart, by the evaluation that requests go through; what is about two values is left free. So there
 * are more ways than requests have, and none less.
 */

import type { Identity } from '../../core/identity/identity.ts';
import type { ConditionFacts, Step, Truth } from '../../core/policy/conditions.ts';
import { truthOf } from '../../core/policy/evaluate-conditions.ts';
import { parseCidr } from '../../core/syntax/addresses.ts';
import { blank } from '../sample-identity.ts';
import type { Atom, Truths } from './atoms.ts';

/** Null: there are more than so many. */
export function truthsOf(atoms: ReadonlyMap<string, Atom>, most: number): readonly Truths[] | null {
  let ways: readonly Truths[] = [new Map()];
  for (const [keys, group] of groupsOf(atoms)) {
    const vectors = group[0]!.subject === null ? free : vectorsOf(group, most);
    if (vectors === null || ways.length * vectors.length > most) return null;
    ways = ways.flatMap((way) =>
      vectors.map((vector) => new Map([...way, ...keys.map((key, index) => [key, vector[index]!] as const)])),
    );
  }
  return ways;
}

/** Truths of the statements of one group, in their order. */
type Vector = readonly Truth[];

const free: readonly Vector[] = [['met'], ['unmet'], ['unclear']];

function groupsOf(
  atoms: ReadonlyMap<string, Atom>,
): Iterable<readonly [keys: readonly string[], atoms: readonly Atom[]]> {
  const groups = new Map<string, [string[], Atom[]]>();
  for (const [key, atom] of atoms) {
    const name = atom.subject ?? `alone ${key}`;
    const group = groups.get(name) ?? [[], []];
    groups.set(name, group);
    group[0].push(key);
    group[1].push(atom);
  }
  return groups.values();
}

function vectorsOf(group: readonly Atom[], most: number): readonly Vector[] | null {
  const { step } = group[0]!;
  if (step.kind === 'address') return unlike([null, ...addressesFor(group)].map((address) => tell(group, { address })));
  const { subject } = step;
  if (subject.from === 'identity') {
    switch (subject.field) {
      case 'kind':
        return unlike(['bearer', 'key_pair'].map((kind) => tellOfText(group, kind)));
      case 'groups':
        return vectorsOfLists(group, most);
      case 'userId':
        return unlike(textsFor(group).map((text) => tellOfText(group, text)));
      default:
        return unlike([null, ...textsFor(group)].map((text) => tellOfText(group, text)));
    }
  }
  const unreadable = group.map((): Truth => 'unclear');
  const missing = subject.from === 'param' ? [] : [null];
  return unlike([unreadable, ...[...missing, ...textsFor(group)].map((text) => tellOfText(group, text))]);
}

/** Every union of items, since each of a list may meet a statement. */
function vectorsOfLists(group: readonly Atom[], most: number): readonly Vector[] | null {
  const tellOf = (groups: readonly string[]) => tell(group, { identity: { ...blank, groups } });
  const lists = new Map<string, readonly string[]>([[tellOf([]).join(), []]]);
  for (const text of textsFor(group)) {
    for (const list of [...lists.values()]) {
      const longer = [...list, text];
      const name = tellOf(longer).join();
      if (!lists.has(name)) lists.set(name, longer);
      if (lists.size > most) return null;
    }
  }
  return [...lists.values()].map(tellOf);
}

/** What the author wrote, what begins with it, and what is none of it. */
function textsFor(group: readonly Atom[]): readonly string[] {
  const texts = new Set<string>();
  const begun = [''];
  for (const { step } of group) {
    if (step.kind !== 'compare' || step.comparison.operator === 'exists') continue;
    const { operator, operand } = step.comparison;
    for (const text of 'literals' in operand ? operand.literals : 'literal' in operand ? [operand.literal] : []) {
      texts.add(text);
      if (operator === 'startsWith') begun.push(text);
    }
  }
  // A character that no text holds: behind a beginning it makes neither a text nor a longer beginning.
  let code = 0x7e;
  while ([...texts].some((text) => text.includes(String.fromCharCode(code)))) code += 1;
  return [...texts, ...begun.map((text) => text + String.fromCharCode(code))];
}

/** The first address of every stretch of which all lie in the same ranges. */
function addressesFor(group: readonly Atom[]): readonly string[] {
  const first = { 32: new Set([0n]), 128: new Set([0n, afterMapped]) };
  for (const { step } of group) {
    for (const text of step.kind === 'address' ? step.ranges : []) {
      const range = parseCidr(text);
      if (range === null) continue;
      const { value, bits, prefix } = range;
      const next = value + (1n << BigInt(bits - prefix));
      first[bits].add(value);
      if (next < 1n << BigInt(bits)) first[bits].add(next);
    }
  }
  return [
    ...[...first[32]].map((value) => written(value, 4, 8, 10, '.')),
    ...[...first[128]].map((value) => written(value, 8, 16, 16, ':')),
  ];
}

/** The first address behind those that stand for IPv4 (`::ffff:0:0/96`). */
const afterMapped = 1n << 48n;

function written(value: bigint, parts: number, bits: number, base: number, separator: string): string {
  const part = (index: number) => (value >> BigInt(bits * (parts - 1 - index))) & ((1n << BigInt(bits)) - 1n);
  return Array.from({ length: parts }, (_, index) => part(index).toString(base)).join(separator);
}

/** As if the value were the id of a session: a text, or none. */
function tellOfText(group: readonly Atom[], text: string | null): Vector {
  return tell(group, { identity: { ...blank, sessionId: text } }, 'sessionId');
}

function tell(
  group: readonly Atom[],
  known: { readonly address?: string | null; readonly identity?: Identity },
  field: 'sessionId' | 'groups' = 'groups',
): Vector {
  const facts: ConditionFacts = { ...nothing, ...known };
  return group.map(({ step }) => {
    const asked: Step =
      step.kind === 'address' ? { ...step, end: 0 } : { ...step, end: 0, subject: { from: 'identity', field } };
    return truthOf([asked], 0, facts);
  });
}

const nothing: ConditionFacts = {
  request: { method: 'GET', host: '', authority: '', path: '/', unmerged: null, query: '', ambiguities: 0 },
  pattern: { host: null, path: '/', segments: [], params: [] },
  ignoresCase: false,
  rawHeaders: [],
  address: null,
  identity: null,
};

function unlike(vectors: readonly Vector[]): readonly Vector[] {
  return [...new Map(vectors.map((vector) => [vector.join(), vector])).values()];
}
