/** A file with routes and tests, the main one or an included one, and how its places are named from another file. */
import { basename } from 'node:path';
import type { ConfigFile, IncludedFile, Parts } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';

export interface RuleFile {
  /** As problems name it. */
  readonly file: string;
  readonly check: Check;
  readonly routes: Parts<ConfigFile>['routes'];
  readonly tests: Parts<ConfigFile>['tests'];
  /** Where the keys of `tests` stand in it. */
  readonly testsAt: Path;
  /** Undefined: it claims nothing. */
  readonly owns: Parts<IncludedFile>['owns'];
}

/** Where something stands, for a message in `from`: `line 7`, or `orders.yaml line 7`. */
export function placeFrom(from: RuleFile, there: RuleFile, path: Path): string {
  const line = `line ${there.check.lineOf(path)}`;
  return from === there ? line : `${basename(there.file)} ${line}`;
}
