/**
 * The tests of the base, run against the rules of the change. A change that weakens a rule and updates its tests passes its own tests, so
 * what the base expected and is no longer so comes first in the report.
 */
import type { Config } from '../config/config.ts';
import { forwardingOf, policyOf, prepareCases, runCase } from './run-cases.ts';

export interface BaseTests {
  /** Expectations that the base meets. */
  readonly run: number;
  readonly broken: readonly BrokenExpectation[];
}

export interface BrokenExpectation {
  readonly name: string;
  readonly file: string;
  /** In the base, from 1. */
  readonly line: number;
  /** Of the route under the base; null: none. */
  readonly routeBefore: string | null;
  /** Of the route under the change; null: none. */
  readonly routeAfter: string | null;
  /** Differences from the expectation in words. */
  readonly faults: readonly string[];
}

/** `placeOf`: of a file of the base in the repository. */
export function runBaseTests(before: Config, after: Config, placeOf: (file: string) => string): BaseTests {
  const [old, next] = [before, after].map((config) => [policyOf(config), forwardingOf(config)] as const);
  const pairs = prepareCases(before).flatMap((prepared) => {
    const first = runCase(prepared, ...old!);
    return first.faults.length > 0 ? [] : [[first, runCase(prepared, ...next!)] as const];
  });
  const broken = pairs.flatMap(([first, { prepared, decision, faults }]) => {
    if (faults.length === 0) return [];
    const { name, file, line } = prepared.test;
    const [routeBefore, routeAfter] = [first.decision, decision].map(({ route }) => route?.id ?? null);
    return [{ name, file: placeOf(file), line, routeBefore: routeBefore!, routeAfter: routeAfter!, faults }];
  });
  return { run: pairs.length, broken };
}

export function brokenInWords({ name, file, line, faults }: BrokenExpectation): string {
  return `${name} (${file}:${line}): ${faults.join('; ')}`;
}

export function brokenTitle({ broken: { length } }: BaseTests): string {
  return length === 1
    ? '1 expectation of the base no longer holds'
    : `${length} expectations of the base no longer hold`;
}
