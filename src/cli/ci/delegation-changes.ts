/** Whose delegation grew or shrank: what a team, or a file without limits, may do after a change and not before, and the reverse. */
import { coversHost } from '../../config/checks/check-teams.ts';
import type { Delegation } from '../../config/delegation.ts';
import type { TeamEntry } from '../../config/schema/teams.ts';

export interface DelegationChanges {
  readonly grew: readonly DelegationChange[];
  readonly shrank: readonly DelegationChange[];
}

export interface DelegationChange {
  /** Null: the files have no team. */
  readonly team: string | null;
  /** In words, such as `path /v1/orders`. */
  readonly what: readonly string[];
}

export function delegationChanges(before: Delegation, after: Delegation): DelegationChanges {
  return { grew: gains(before, after), shrank: gains(after, before) };
}

export function delegationInWords({ team, what }: DelegationChange): string {
  return `${team === null ? 'files without a team' : `team ${team}`}: ${what.join(', ')}`;
}

/** What the second gives and the first does not. */
function gains(first: Delegation, second: Delegation): readonly DelegationChange[] {
  const names = [...new Set(second.files.map(({ team }) => team).concat(null, ...second.teams.keys()))];
  return names.flatMap((team) => {
    const [was, is] = [first, second].map(({ teams }) => (team === null ? undefined : teams.get(team)));
    const [owned, owns] = [first, second].map(({ files }) => files.filter((one) => one.team === team));
    const newFiles = owns!.filter(({ file }) => !owned!.some((one) => one.file === file));
    const what = [...newFiles.map(({ file }) => `file ${file}`), ...(is === undefined ? [] : gainsOf(was, is))];
    return what.length === 0 ? [] : [{ team, what }];
  });
}

/** `was` undefined: the team is new. */
function gainsOf(was: TeamEntry | undefined, is: TeamEntry): readonly string[] {
  const listed = (word: string, old: readonly string[] = [], now: readonly string[] = []) =>
    now.filter((entry) => !old.includes(entry)).map((entry) => `${word} ${entry}`);
  const places =
    was === undefined
      ? [...listed('host', [], is.hosts), ...listed('path', [], is.paths)]
      : [
          ...placesGained('host', coversHost, was.hosts, is.hosts),
          ...placesGained('path', coversPath, was.paths, is.paths),
        ];
  return [
    ...places,
    ...listed('upstream', was?.upstreams, is.upstreams),
    ...listed('role', was?.roles, is.roles),
    ...listed('may', was?.may, is.may),
  ];
}

/** Unset: every place. */
function placesGained(
  word: string,
  covers: (wide: string, narrow: string) => boolean,
  old: readonly string[] | undefined,
  now: readonly string[] | undefined,
): readonly string[] {
  if (old === undefined) return [];
  if (now === undefined) return [`every ${word}`];
  return now.filter((entry) => !old.some((one) => covers(one, entry))).map((entry) => `${word} ${entry}`);
}

function coversPath(wide: string, narrow: string): boolean {
  return wide === '/' || wide === narrow || narrow.startsWith(`${wide}/`);
}
