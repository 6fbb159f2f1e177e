/**
 * The values that one part of a request or an identity can have, one for every combination of truths that the statements about it can
 * distinguish, found with the evaluation of real requests. Comparisons of two values stay free. So the result contains at least every
 * combination that a request can have.
 */

import type { Authentication } from '../core/identity/authentication.ts';
import type { Identity } from '../core/identity/identity.ts';
import {
  type ConditionFacts,
  isListSource,
  isOfIdentity,
  numberOperators,
  type Step,
  sourcesIn,
  type Truth,
} from '../core/policy/conditions.ts';
import { truthOf, truthOfValue } from '../core/policy/evaluate-conditions.ts';
import { foldedForm, formKey, type Shape, type Taker, takes } from '../core/url/param-form.ts';
import { ignoresCase } from '../core/url/path-reading.ts';
import { canHave, type IdentitySource, onlyValue, signInOf } from './authentications.ts';
import { addressesApart } from './samples/addresses-apart.ts';
import { textsAlike } from './samples/alike-texts.ts';
import { claimTexts } from './samples/claim-values.ts';
import { unlistedTexts } from './samples/list-samples.ts';
import { isTimeStep, momentsFor } from './samples/moments.ts';
import { numberTexts } from './samples/number-texts.ts';
import { canBeRead, type RequestSource } from './samples/readable-texts.ts';
import { blank, noFacts } from './samples/sample-identity.ts';
import { type SampleValue, unreadable } from './samples/sample-value.ts';
import { textsInSegment, withTextAround } from './samples/segment-samples.ts';
import { anyMoment, signedInAt, signInAges } from './samples/sign-in-ages.ts';
import { boundsIn, literalsAmong, literalsIn } from './samples/step-values.ts';
import { type Atom, formOf, takersOf } from './statements.ts';

export interface GroupWay {
  /** In the order of the statements. */
  readonly truths: readonly Truth[];
  /** A value that gives these truths; undefined: it takes two values. */
  readonly value: SampleValue | undefined;
}

/** `by`: of the caller; null: the statements read no identity. */
export function waysOf(group: readonly Atom[], max: number, by: Authentication | null): readonly GroupWay[] | null {
  const { step, subject } = group[0]!;
  if (subject === null) return freeWays(step, by);
  const steps = group.map((atom) => atom.step);
  switch (step.kind) {
    case 'address':
      return unlike([...addressesApart(steps), null].map((address) => wayOf(address, tell(group, { address }))));
    case 'signIn': {
      const { known, unknown } = signInOf(by!);
      const ages = [...(known ? signInAges(steps).map(String) : []), ...(unknown ? [null] : [])];
      return unlike(ages.map((age) => wayOf(age, tell(group, signedIn(age)))));
    }
    case 'window':
    case 'stretch':
      return unlike(
        [...momentsFor(steps.filter(isTimeStep)), null].map((nowMs) =>
          wayOf(nowMs === null ? null : String(nowMs), tell(group, { nowMs })),
        ),
      );
    case 'compare':
      return isOfIdentity(step.subject)
        ? waysOfIdentity(group, step.subject as IdentitySource, max, by!)
        : waysOfRequest(group, step.subject as RequestSource, max);
  }
}

/** Two values can have any relation, if both can exist. */
function freeWays(step: Step, by: Authentication | null): readonly GroupWay[] {
  const isMissing = sourcesIn(step).some(
    (source) => isOfIdentity(source) && by !== null && onlyValue(by, source as IdentitySource) === null,
  );
  return (isMissing ? (['unclear'] as const) : allTruths).map((truth) => ({ truths: [truth], value: undefined }));
}

const allTruths = ['met', 'unmet', 'unclear'] as const;

/** The likeliest values come first, because reports show the first way. */
function waysOfIdentity(
  group: readonly Atom[],
  subject: IdentitySource,
  max: number,
  by: Authentication,
): readonly GroupWay[] | null {
  const only = onlyValue(by, subject);
  if (only !== undefined) return [ofGiven(group, only)];
  const isPossible = (value: SampleValue) => canHave(by, subject, value);
  const without: readonly SampleValue[] = subject.from === 'claim' ? [null, unreadable] : [null];
  const further = without.filter(isPossible);
  if (isListSource(subject)) {
    const isItem = (text: string) => isPossible([text]);
    const texts = textsFor(group, '', isItem);
    const lists = texts === null ? null : waysOfLists(group, texts.filter(isItem), max);
    // Without groups, the list is empty.
    return lists === null
      ? null
      : unlike([...lists, ...(subject.from === 'claim' ? further : []).map((one) => ofGiven(group, one))]);
  }
  if (isMixed(group)) return waysOfEach(group, max);
  const isNumber = subject.from === 'claim' && subject.type !== 'string';
  const begun = subject.from === 'identity' && subject.field === 'userId' ? by.users.prefix : '';
  const texts = isNumber ? claimTexts(subject.type, numbersFor(group)) : textsFor(group, begun, isPossible);
  return texts === null
    ? null
    : unlike([...texts.filter(isPossible), ...further].map((value) => ofGiven(group, value)));
}

function waysOfRequest(group: readonly Atom[], subject: RequestSource, max: number): readonly GroupWay[] | null {
  if (isMixed(group)) return waysOfEach(group, max);
  const { pattern, reading } = group[0]!.places;
  const foldsCase = ignoresCase(reading);
  const takers = takersAround(group);
  const own = formOf(subject, pattern);
  const form = own === null || !foldsCase ? own : foldedForm(own);
  const fits = (text: string) =>
    canBeRead(subject, text, foldsCase) && takers.every((taker) => takes(taker, withTextAround(form, text)));
  const texts = textsFor(group, '', fits, (literals, begun) => textsInSegment(form, takers, literals, begun));
  if (texts === null) return null;
  const missing = subject.from === 'param' ? [] : [null];
  const isShaped = takers.some((taker) => taker.form.shape !== null);
  // A text of a shape has one reading, unless the service ignores letter case. A literal may have several: it may contain a semicolon.
  const isClear = isShaped && !foldsCase && texts.every((text) => canBeRead(subject, text, foldsCase));
  // A text that is not of the shape may have a spelling that is.
  const alike = textsAlike([...texts, ...writtenIn(group)], beginningsIn(group)).filter(fits);
  const unclear: readonly SampleValue[] = isClear ? [] : [unreadable];
  const values = [...texts.filter(fits), ...missing, ...unclear, ...alike];
  return unlike(values.map((value) => ofGiven(group, value)));
}

/** Forms of the segment that the parameter is in, each once. */
function takersAround(group: readonly Atom[]): readonly Taker[] {
  const takers = group.flatMap(({ step, places }) => (step.kind === 'compare' ? takersOf(step.subject, places) : []));
  return [...new Map(takers.map((taker) => [formKey(taker.form), taker])).values()];
}

/** The author's texts, longer texts that begin with them, and an unrelated text; null: no unrelated text was found. */
function textsFor(
  group: readonly Atom[],
  beginning: string,
  fits: (text: string) => boolean,
  ofForm: (texts: readonly string[], beginnings: readonly string[]) => readonly string[] | null = () => null,
): readonly string[] | null {
  const steps = group.map(({ step }) => step);
  const literals = writtenIn(group);
  const begun = [beginning, ...beginningsIn(group)];
  const texts = ofForm(literals, begun) ?? madeUpTexts(literals, begun, fits);
  if (texts === null) return null;
  return [...texts, ...unlistedTexts(steps, texts, shapeOf(group))];
}

function shapeOf(group: readonly Atom[]): Shape | null {
  return takersAround(group).find(({ form }) => form.shape !== null)?.form.shape ?? null;
}

function beginningsIn(group: readonly Atom[]): readonly string[] {
  return group.flatMap(({ step }) =>
    step.kind === 'compare' && step.comparison.operator === 'startsWith' ? literalsIn(step) : [],
  );
}

/** Words that an author is unlikely to write, and characters. */
const otherWords = [
  ...['other', 'unknown', 'else', 'zzz', 'q', 'w', 'j', '7'],
  ...Array.from({ length: 500 }, (_, at) => String.fromCharCode(0x7e + at)),
  ...Array.from({ length: 0x5d }, (_, at) => String.fromCharCode(0x21 + at)),
];

function madeUpTexts(
  literals: readonly string[],
  begun: readonly string[],
  fits: (text: string) => boolean,
): readonly string[] | null {
  // Begins with a character that no text contains. After a prefix it forms neither a text nor a longer prefix.
  const all = [...literals, ...begun];
  const isNew = (word: string) => !all.some((text) => text.includes(word[0]!));
  const unrelated = otherWords.find((word) => isNew(word) && fits(begun[0] + word));
  if (unrelated === undefined) return null;
  // One that cannot be read still has spellings that can: with upper case, where a service ignores letter case.
  const longer = begun.map((text) => text + (otherWords.find((word) => isNew(word) && fits(text + word)) ?? unrelated));
  return [...literals, ...longer];
}

/** Includes numbers that no file lists. */
function numbersFor(group: readonly Atom[]): readonly string[] {
  const literals = writtenIn(group);
  const steps = group.map(({ step }) => step);
  return [...literals, ...unlistedTexts(steps, claimTexts('number', literals), 'number')];
}

/** The author's texts, and numbers that bounds can distinguish. */
function writtenIn(group: readonly Atom[]): readonly string[] {
  const steps = group.map(({ step }) => step);
  return [...new Set([...literalsAmong(steps), ...numberTexts(steps.flatMap(boundsIn))])];
}

/** Prefixes and bounds of one value are tried separately, because there is no search for a text that fits both. */
function isMixed(group: readonly Atom[]): boolean {
  const operators = group.map(({ step }) => (step.kind === 'compare' ? step.comparison.operator : null));
  return operators.includes('startsWith') && numberOperators.some((one) => operators.includes(one));
}

/** Every combination; null: too many. */
function waysOfEach(group: readonly Atom[], max: number): readonly GroupWay[] | null {
  if (3 ** group.length > max) return null;
  let all: readonly (readonly Truth[])[] = [[]];
  for (const _ of group) all = all.flatMap((some) => allTruths.map((truth) => [...some, truth]));
  return all.map((each) => ({ truths: each, value: undefined }));
}

/** Every union of items, because each item of a list may meet a statement. */
function waysOfLists(group: readonly Atom[], texts: readonly string[], max: number): readonly GroupWay[] | null {
  const lists = new Map<string, GroupWay>();
  const add = (way: GroupWay) => {
    const name = way.truths.join();
    if (!lists.has(name)) lists.set(name, way);
  };
  add(ofGiven(group, []));
  for (const text of texts) {
    for (const { value } of [...lists.values()]) {
      add(ofGiven(group, [...(value as readonly string[]), text]));
      if (lists.size > max) return null;
    }
  }
  return [...lists.values()];
}

/** `age`: of the sign-in; null: unknown. */
function signedIn(age: string | null): { readonly identity: Identity; readonly nowMs: number } {
  return { identity: { ...blank, authenticatedAtMs: signedInAt(age, anyMoment) }, nowMs: anyMoment };
}

/** Treats a text as the id of a session, and a list as groups. */
function ofGiven(group: readonly Atom[], value: SampleValue): GroupWay {
  if (value === unreadable) {
    return wayOf(
      value,
      group.map((): Truth => 'unclear'),
    );
  }
  const isText = value === null || typeof value === 'string';
  const identity = isText ? { ...blank, sessionId: value } : { ...blank, groups: value };
  return wayOf(value, tell(group, { identity }, isText ? 'sessionId' : 'groups'));
}

function tell(
  group: readonly Atom[],
  known: { readonly address?: string | null; readonly identity?: Identity; readonly nowMs?: number | null },
  field: 'sessionId' | 'groups' = 'groups',
): readonly Truth[] {
  const facts: ConditionFacts = { ...noFacts, ...known };
  return group.map(({ step }) => {
    const text = known.identity?.sessionId;
    if (field === 'sessionId' && step.kind === 'compare' && !isOfIdentity(step.subject))
      return truthOfValue(step, text ?? null, facts);
    const ofValue: Step =
      step.kind === 'compare' ? { ...step, end: 0, subject: { from: 'identity', field } } : { ...step, end: 0 };
    return truthOf([ofValue], 0, facts);
  });
}

function wayOf(value: SampleValue, of: readonly Truth[]): GroupWay {
  return { truths: of, value };
}

function unlike(ways: readonly GroupWay[]): readonly GroupWay[] {
  const byTruths = new Map<string, GroupWay>();
  for (const way of ways) {
    const name = way.truths.join();
    if (!byTruths.has(name)) byTruths.set(name, way);
  }
  return [...byTruths.values()];
}
