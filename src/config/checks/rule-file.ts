/** A file with routes and tests, and how messages in another file refer to its positions. */
import { basename } from 'node:path';
import type { TeamEntry } from '../schema/teams.ts';
import type { ConfigFile } from '../schema.ts';
import type { Location } from './location.ts';

/** A file with routes and tests: the main one, an included one, or one with tests alone. */
export interface RuleFile {
  /** Its name in problems. */
  readonly file: string;
  readonly at: Location;
  readonly routes: ConfigFile['routes'];
  readonly tests: ConfigFile['tests'];
  /** Location of the keys of `tests`. */
  readonly testsAt: Location;
  /** Whose file it is; null: that of those who write the main file, or a file without limits. */
  readonly team: Team | null;
}

/** What the main file delegates. */
export interface Team extends TeamEntry {
  readonly name: string;
  /** In the main file. */
  readonly at: Location;
  readonly mainFile: string;
}

/** The name of a position in another file, or in the same one, for a message in `from`: `line 7`, or `orders.yaml line 7`. */
export function placeFrom(from: RuleFile, there: RuleFile, at: Location): string {
  return from === there ? `line ${at.line}` : `${basename(there.file)} line ${at.line}`;
}
