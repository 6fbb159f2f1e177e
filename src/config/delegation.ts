/** What the main file delegates, and to whom each file and route belongs: for reports. */
import { dirname, relative } from 'node:path';
import type { RuleFile } from './checks/rule-file.ts';
import type { TeamEntry } from './schema/teams.ts';

export interface Delegation {
  readonly teams: ReadonlyMap<string, TeamEntry>;
  /** Included files. */
  readonly files: readonly DelegatedFile[];
}

export interface DelegatedFile {
  /** From the folder of the main file. */
  readonly file: string;
  /** Null: it has no limits. */
  readonly team: string | null;
  /** Ids. */
  readonly routes: readonly string[];
}

/** `files`: the main one first. */
export function delegationOf(
  teams: Readonly<Record<string, TeamEntry>>,
  [main, ...included]: readonly RuleFile[],
): Delegation {
  const folder = dirname(main?.file ?? '');
  const files = included.map(({ file, team, routes }) => {
    return { file: relative(folder, file), team: team?.name ?? null, routes: routes.map(({ id }) => id) };
  });
  return { teams: new Map(Object.entries(teams)), files };
}
