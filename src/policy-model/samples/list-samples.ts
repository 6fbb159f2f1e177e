/**
 * A few entries that represent the lists of files: one of each kind that the conditions can distinguish. Each entry is tried on all
 * of them once, so the time is linear in the list, and no tool must scan it again.
 */
import type { AddressStep, CompareStep, Step } from '../../core/policy/conditions.ts';
import { truthOfValue } from '../../core/policy/evaluate-conditions.ts';
import type { ListFile } from '../../core/policy/list-file.ts';
import { parseCidr } from '../../core/syntax/addresses.ts';
import type { Shape } from '../../core/url/param-form.ts';
import { noFacts } from './sample-identity.ts';
import { textsLike } from './segment-samples.ts';

/** The file whose list the step compares with, or null. */
export function listOf(step: Step): ListFile | null {
  if (step.kind === 'address') return step.list;
  if (step.kind !== 'compare' || step.comparison.operator !== 'in') return null;
  return 'literals' in step.comparison.operand ? (step.comparison.operand.list ?? null) : null;
}

/** A replacer for `JSON.stringify`: lists of files count by their digest, and their entries are skipped. */
export function withoutEntries(_key: string, value: unknown): unknown {
  if (value instanceof Set) return [...value];
  if (typeof value !== 'object' || value === null) return value;
  const { list } = value as { readonly list?: ListFile | null };
  return list == null ? value : { ...value, literals: undefined, ranges: undefined, list: list.digest };
}

const known = new Map<string, readonly string[]>();
const maxKnown = 1_000;

/** Routes share lists, and every change of a rule needs them again. */
function once(steps: readonly Step[], find: () => readonly string[]): readonly string[] {
  const key = JSON.stringify(steps, withoutEntries);
  const texts = known.get(key) ?? find();
  if (known.size >= maxKnown) known.clear();
  known.set(key, texts);
  return texts;
}

/** Texts of lists, for the values that the steps compare. */
export function listedTexts(steps: readonly Step[]): readonly string[] {
  const compared = steps.filter((step) => step.kind === 'compare');
  if (!compared.some((step) => listOf(step) !== null)) return [];
  return once(compared, () => textsUnlike(compared));
}

/** As if the text came in a query, which is compared most strictly: a service may read it differently. */
function truthsOf(steps: readonly CompareStep[], text: string): string {
  return steps.map((step) => truthOfValue({ ...step, subject: { from: 'query', name: '' } }, text, noFacts)).join();
}

/**
 * For each of these texts that a list contains: a text of the shape that no list contains and that every other step treats alike. A
 * made-up text may also be in a file. Fewer if no such text exists.
 */
export function unlistedTexts(
  steps: readonly Step[],
  texts: Iterable<string>,
  shape: Shape | null | 'number' = null,
): readonly string[] {
  const compared = steps.filter((step) => step.kind === 'compare');
  const lists = compared.flatMap((step) => (listOf(step) === null ? [] : literalsOf(step)));
  if (lists.length === 0) return [];
  const others = compared.filter((step) => listOf(step) === null);
  const isListed = (text: string) => lists.some((list) => list.has(text));
  const truths = (text: string) => truthsOf(others, text);
  const most = lists.reduce((sum, { size }) => sum + size, 1);
  return [...new Set(texts)].filter(isListed).flatMap((text) => {
    const wanted = truths(text);
    for (const like of textsLike(text, shape, most)) if (!isListed(like) && truths(like) === wanted) return [like];
    return [];
  });
}

function literalsOf({ comparison }: CompareStep): readonly ReadonlySet<string>[] {
  return comparison.operator === 'in' && 'literals' in comparison.operand ? [comparison.operand.literals] : [];
}

function textsUnlike(steps: readonly CompareStep[]): readonly string[] {
  const byTruths = new Map<string, string>();
  for (const { comparison } of steps) {
    if (comparison.operator !== 'in' || !('literals' in comparison.operand)) continue;
    if (comparison.operand.list === undefined) continue;
    for (const text of comparison.operand.literals) keep(byTruths, truthsOf(steps, text), text);
  }
  return [...byTruths.values()];
}

/** Addresses in and beside ranges of lists, and of all other ranges of the steps. */
export function listedAddresses(steps: readonly Step[]): readonly string[] {
  const addressSteps = steps.filter((step) => step.kind === 'address');
  if (!addressSteps.some(({ list }) => list !== null)) return [];
  return once(addressSteps, () => addressesUnlike(addressSteps));
}

function addressesUnlike(steps: readonly AddressStep[]): readonly string[] {
  const byTruths = new Map<string, string>();
  for (const { ranges } of steps) {
    for (const range of ranges) {
      for (const address of [range.split('/', 1)[0]!, addressBehind(range)]) {
        if (address !== null) keep(byTruths, steps.map(({ contains }) => contains(address)).join(), address);
      }
    }
  }
  return [...byTruths.values()];
}

function keep(byTruths: Map<string, string>, truths: string, text: string): void {
  if (!byTruths.has(truths)) byTruths.set(truths, text);
}

/** The first address after the range, or null. */
function addressBehind(range: string): string | null {
  const read = parseCidr(range);
  if (read === null) return null;
  const next = read.value + (1n << BigInt(read.bits - read.prefix));
  return next >= 1n << BigInt(read.bits) ? null : addressText(next, read.bits);
}

export function addressText(value: bigint, bits: 32 | 128): string {
  const parts = bits === 32 ? partsOf(value, 4, 8) : partsOf(value, 8, 16);
  if (bits === 32) return parts.join('.');
  const groups = parts.map((part) => part.toString(16));
  return groups.join(':').replace(/(?::0)+$/, '::');
}

/** The highest first. */
function partsOf(value: bigint, count: number, width: number): readonly number[] {
  return Array.from({ length: count }, (_, at) =>
    Number(BigInt.asUintN(width, value >> BigInt((count - 1 - at) * width))),
  );
}
