/**
 * Which truths of several statements are possible together. Statements about one value are tried on every kind of value that they
 * can distinguish, using the evaluation of real requests. Comparisons of two values stay free. So the result contains at least
 * every combination that a request can have.
 */

import type { ClaimType } from '../core/identity/claims.ts';
import type { Identity } from '../core/identity/identity.ts';
import {
  type ConditionFacts,
  numberOperators,
  type Step,
  type Truth,
  type ValueSource,
} from '../core/policy/conditions.ts';
import { truthOf, truthOfValue } from '../core/policy/evaluate-conditions.ts';
import { hasShape, type Shape } from '../core/url/param-form.ts';
import { ignoresCase } from '../core/url/path-reading.ts';
import { addressesApart } from './samples/addresses-apart.ts';
import { textsAlike } from './samples/alike-texts.ts';
import { claimTexts } from './samples/claim-values.ts';
import { unlistedTexts } from './samples/list-samples.ts';
import { isTimeStep, momentsFor } from './samples/moments.ts';
import { numberTexts } from './samples/number-texts.ts';
import { blank, noFacts } from './samples/sample-identity.ts';
import { shapedTexts } from './samples/segment-samples.ts';
import { anyMoment, signedInAt, signInAges } from './samples/sign-in-ages.ts';
import { boundsIn, literalsAmong, literalsIn } from './samples/step-values.ts';
import { type Atom, formOf, type Truths } from './statements.ts';

/** A value of a request or an identity; null: it has no such value. */
export type Given = string | readonly string[] | null | typeof unreadable;

/** For example, a repeated query parameter. */
export const unreadable: unique symbol = Symbol('unreadable');

/** Statements about one value, or a single statement that compares two. */
export interface StatementGroup {
  readonly keys: readonly string[];
  readonly atoms: readonly Atom[];
  /** Null: more than `most`. */
  readonly ways: readonly GroupWay[] | null;
}

export interface GroupWay {
  /** In the order of the statements. */
  readonly truths: readonly Truth[];
  /** A value that gives these truths; undefined: it takes two values. */
  readonly given: Given | undefined;
}

export function groupsOf(atoms: ReadonlyMap<string, Atom>, most: number): readonly StatementGroup[] {
  const groups = new Map<string, { keys: string[]; atoms: Atom[] }>();
  for (const [key, atom] of atoms) {
    const name = atom.subject ?? `alone ${key}`;
    const group = groups.get(name) ?? { keys: [], atoms: [] };
    groups.set(name, group);
    group.keys.push(key);
    group.atoms.push(atom);
  }
  return [...groups.values()].map((group) => {
    const alone = group.atoms[0]!.subject === null;
    return { ...group, ways: alone ? free : waysOf(group.atoms, most) };
  });
}

/** Every combination; null: there are more than `most`. */
export function truthsOf(atoms: ReadonlyMap<string, Atom>, most: number): readonly Truths[] | null {
  let combined: readonly Truths[] = [new Map()];
  for (const { keys, ways } of groupsOf(atoms, most)) {
    if (ways === null || combined.length * ways.length > most) return null;
    combined = combined.flatMap((one) =>
      ways.map(({ truths }) => new Map([...one, ...keys.map((key, index) => [key, truths[index]!] as const)])),
    );
  }
  return combined;
}

const free: readonly GroupWay[] = (['met', 'unmet', 'unclear'] as const).map((truth) => ({
  truths: [truth],
  given: undefined,
}));

/** The likeliest values come first, because reports show the first way. */
function waysOf(group: readonly Atom[], most: number): readonly GroupWay[] | null {
  const { step } = group[0]!;
  if (step.kind === 'address') {
    return unlike(
      [...addressesApart(group.map((atom) => atom.step)), null].map((address) =>
        wayOf(address, tell(group, { address })),
      ),
    );
  }
  if (step.kind === 'signIn') {
    const ages = signInAges(group.map((atom) => atom.step));
    return unlike([...ages.map(String), null].map((age) => wayOf(age, tell(group, signedIn(age)))));
  }
  if (step.kind !== 'compare') {
    const moments = momentsFor(group.flatMap((atom) => (isTimeStep(atom.step) ? [atom.step] : [])));
    return unlike(
      [...moments, null].map((nowMs) => wayOf(nowMs === null ? null : String(nowMs), tell(group, { nowMs }))),
    );
  }
  const { subject } = step;
  if (isMixed(group)) {
    if (3 ** group.length > most) return null;
    return truthsOfEach(group.length).map((truths) => ({ truths, given: undefined }));
  }
  if (subject.from === 'identity') {
    switch (subject.field) {
      case 'kind':
        return unlike(
          [...new Set(group.flatMap(({ places }) => places.credentials))].map((kind) => ofText(group, kind)),
        );
      case 'groups':
        return waysOfLists(group, most);
      case 'userId':
      case 'source':
        return unlike(textsFor(group).map((text) => ofText(group, text)));
      default:
        return unlike([...textsFor(group), null].map((text) => ofText(group, text)));
    }
  }
  if (subject.from === 'claim') return waysOfClaim(group, subject.type, most);
  const missing = subject.from === 'param' ? [] : [null];
  const shapes = group.flatMap(({ step, places }) =>
    step.kind === 'compare' ? (formOf(step.subject, places.pattern)?.shape ?? []) : [],
  );
  const unclear = unclearWay(group);
  const fit = (text: string) => shapes.every((shape) => hasShape(shape, text));
  const texts = textsFor(group, shapes[0] ?? null);
  // A text of a shape has one reading, unless the service ignores letter case.
  const isClear = shapes.length > 0 && group.every(({ places }) => !ignoresCase(places.reading));
  const ofTexts = (some: readonly (string | null)[]) => some.map((text) => ofText(group, text));
  const alike = textsAlike(texts, beginningsIn(group)).filter(fit);
  return unlike([...ofTexts([...texts.filter(fit), ...missing]), ...(isClear ? [] : [unclear]), ...ofTexts(alike)]);
}

function unclearWay(group: readonly Atom[]): GroupWay {
  return wayOf(
    unreadable,
    group.map((): Truth => 'unclear'),
  );
}

/** Claims may be absent or have another type. */
function waysOfClaim(group: readonly Atom[], type: ClaimType, most: number): readonly GroupWay[] | null {
  if (type === 'list') {
    const lists = waysOfLists(group, most);
    return lists === null ? null : unlike([...lists, ofText(group, null), unclearWay(group)]);
  }
  const texts = type === 'string' ? textsFor(group) : claimTexts(type, numbersFor(group));
  return unlike([...[...texts, null].map((text) => ofText(group, text)), unclearWay(group)]);
}

/** Includes numbers that no file lists. */
function numbersFor(group: readonly Atom[]): readonly string[] {
  const written = writtenIn(group);
  return [
    ...written,
    ...unlistedTexts(
      group.map(({ step }) => step),
      claimTexts('number', written),
      'number',
    ),
  ];
}

/** The author's texts, and numbers that bounds can distinguish. */
function writtenIn(group: readonly Atom[]): readonly string[] {
  const steps = group.map(({ step }) => step);
  return [...literalsAmong(steps), ...numberTexts(steps.flatMap(boundsIn))];
}

/** Prefixes and bounds of one value are tried separately, because there is no search for a text that fits both. */
function isMixed(group: readonly Atom[]): boolean {
  const operators = group.map(({ step }) => (step.kind === 'compare' ? step.comparison.operator : null));
  return operators.includes('startsWith') && numberOperators.some((one) => operators.includes(one));
}

function truthsOfEach(count: number): readonly (readonly Truth[])[] {
  if (count === 0) return [[]];
  return truthsOfEach(count - 1).flatMap((rest) =>
    (['met', 'unmet', 'unclear'] as const).map((truth) => [...rest, truth]),
  );
}

/** Every union of items, because each item of a list may meet a statement. */
function waysOfLists(group: readonly Atom[], most: number): readonly GroupWay[] | null {
  const wayOfList = (groups: readonly string[]) => wayOf(groups, tell(group, { identity: { ...blank, groups } }));
  const lists = new Map<string, GroupWay>();
  const add = (way: GroupWay) => {
    const name = way.truths.join();
    if (!lists.has(name)) lists.set(name, way);
  };
  add(wayOfList([]));
  for (const text of textsFor(group)) {
    for (const { given } of [...lists.values()]) {
      add(wayOfList([...(given as readonly string[]), text]));
      if (lists.size > most) return null;
    }
  }
  return [...lists.values()];
}

/** Words that an author is unlikely to write. */
const otherWords = ['other', 'unknown', 'else', 'zzz', 'q', 'w', 'j', '7'];

/** The author's texts, longer texts that begin with them, and an unrelated text. */
function textsFor(group: readonly Atom[], shape: Shape | null = null): readonly string[] {
  const texts = madeUpTexts(group, shape);
  return [
    ...texts,
    ...unlistedTexts(
      group.map(({ step }) => step),
      texts,
      shape,
    ),
  ];
}

function beginningsIn(group: readonly Atom[]): readonly string[] {
  return group.flatMap(({ step }) =>
    step.kind === 'compare' && step.comparison.operator === 'startsWith' ? literalsIn(step) : [],
  );
}

function madeUpTexts(group: readonly Atom[], shape: Shape | null): readonly string[] {
  const texts = new Set(writtenIn(group));
  const begun = ['', ...beginningsIn(group)];
  if (shape !== null) return shapedTexts(shape, texts, begun);
  // Begins with a character that no text contains. After a prefix it forms neither a text nor a longer prefix.
  const isNew = (character: string) => ![...texts].some((text) => text.includes(character));
  let other = otherWords.find((word) => isNew(word[0]!));
  for (let code = 0x7e; other === undefined; code += 1) {
    const character = String.fromCharCode(code);
    if (isNew(character)) other = character;
  }
  return [...texts, ...begun.map((text) => text + other)];
}

/** `age`: of the sign-in; null: unknown. */
function signedIn(age: string | null): { readonly identity: Identity; readonly nowMs: number } {
  return { identity: { ...blank, authenticatedAtMs: signedInAt(age, anyMoment) }, nowMs: anyMoment };
}

/** Treats the value as the id of a session: a text, or null. */
function ofText(group: readonly Atom[], text: string | null): GroupWay {
  return wayOf(text, tell(group, { identity: { ...blank, sessionId: text } }, 'sessionId'));
}

function tell(
  group: readonly Atom[],
  known: { readonly address?: string | null; readonly identity?: Identity; readonly nowMs?: number | null },
  field: 'sessionId' | 'groups' = 'groups',
): readonly Truth[] {
  const facts: ConditionFacts = { ...noFacts, ...known };
  return group.map(({ step }) => {
    const text = known.identity?.sessionId;
    if (field === 'sessionId' && step.kind === 'compare' && isSent(step.subject))
      return truthOfValue(step, text ?? null, facts);
    const asked: Step =
      step.kind === 'compare' ? { ...step, end: 0, subject: { from: 'identity', field } } : { ...step, end: 0 };
    return truthOf([asked], 0, facts);
  });
}

/** Whether the client sends the value. A service may then read it differently. */
function isSent(source: ValueSource): boolean {
  return source.from === 'param' || source.from === 'query' || source.from === 'header';
}

function wayOf(given: Given, truths: readonly Truth[]): GroupWay {
  return { truths, given };
}

function unlike(ways: readonly GroupWay[]): readonly GroupWay[] {
  const byTruths = new Map<string, GroupWay>();
  for (const way of ways) {
    const name = way.truths.join();
    if (!byTruths.has(name)) byTruths.set(name, way);
  }
  return [...byTruths.values()];
}
