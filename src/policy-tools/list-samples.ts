/**
 * Few entries that stand for the lists of files: one of each kind that some conditions can tell apart. Each entry is tried
 * on all of them once, so that a long list takes as long as it is, and no tool has to go through it again.
 */
import type { AddressStep, CompareStep, ConditionFacts, Step } from '../core/policy/conditions.ts';
import { truthOf } from '../core/policy/evaluate-conditions.ts';
import type { ListFile } from '../core/policy/list-file.ts';
import { parseCidr } from '../core/syntax/addresses.ts';
import { blank, noFacts } from './sample-identity.ts';

/** The file whose list the step compares with; null: none. */
export function listOf(step: Step): ListFile | null {
  if (step.kind === 'address') return step.list;
  if (step.kind !== 'compare' || step.comparison.operator !== 'in') return null;
  return 'literals' in step.comparison.operand ? (step.comparison.operand.list ?? null) : null;
}

/** As `JSON.stringify` takes it: lists of files count by their digest, and what they hold is not gone through. */
export function withoutEntries(_key: string, value: unknown): unknown {
  if (value instanceof Set) return [...value];
  if (typeof value !== 'object' || value === null) return value;
  const { list } = value as { readonly list?: ListFile | null };
  return list == null ? value : { ...value, literals: undefined, ranges: undefined, list: list.digest };
}

const known = new Map<string, readonly string[]>();
const mostKnown = 1_000;

/** Routes share lists, and every change of a rule asks again. */
function once(steps: readonly Step[], find: () => readonly string[]): readonly string[] {
  const key = JSON.stringify(steps, withoutEntries);
  const found = known.get(key) ?? find();
  if (known.size >= mostKnown) known.clear();
  known.set(key, found);
  return found;
}

/** Texts of lists, for whatever the steps compare. */
export function listedTexts(steps: readonly Step[]): readonly string[] {
  const compared = steps.filter((step) => step.kind === 'compare');
  if (!compared.some((step) => listOf(step) !== null)) return [];
  return once(compared, () => textsUnlike(compared));
}

function textsUnlike(steps: readonly CompareStep[]): readonly string[] {
  const asked = steps.map((step): Step => ({ ...step, end: 0, subject: { from: 'identity', field: 'sessionId' } }));
  const byTruths = new Map<string, string>();
  for (const { comparison } of steps) {
    if (comparison.operator !== 'in' || !('literals' in comparison.operand)) continue;
    if (comparison.operand.list === undefined) continue;
    for (const text of comparison.operand.literals) {
      const facts = { ...noFacts, identity: { ...blank, sessionId: text } };
      keep(byTruths, truthsOf(asked, facts), text);
    }
  }
  return [...byTruths.values()];
}

/** Addresses in and beside ranges of lists, and of all other ranges of the steps. */
export function listedAddresses(steps: readonly Step[]): readonly string[] {
  const asked = steps.filter((step) => step.kind === 'address');
  if (!asked.some(({ list }) => list !== null)) return [];
  return once(asked, () => addressesUnlike(asked));
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

function truthsOf(asked: readonly Step[], facts: ConditionFacts): string {
  return asked.map((step) => truthOf([step], 0, facts)).join();
}

/** The first one behind the range; null: there is none. */
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
