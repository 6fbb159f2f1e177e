/**
 * `rolegate compare-reload`: started by `rolegate serve` after a reload. It compares two configurations, which it receives as texts, and sends
 * back what differs. It is a process of its own, because a comparison can take seconds. It has no other use.
 */
import type { ConfigSource } from '../config/config-files.ts';
import { parseSource } from '../config/load-config.ts';
import { routeInWords, type VerdictChange } from './diff/diff-report.ts';
import { compareConfigs } from './diff.ts';
import { ExitCode, usageError } from './exit-code.ts';

/** For the log; plain data. */
export interface ReloadChanges {
  /** Such as `GET order: role user`. */
  readonly newlyAllowed: readonly string[];
  readonly newlyRefused: readonly string[];
  /** Of all changes, also those that are not listed. */
  readonly counts: { readonly newlyAllowed: number; readonly newlyRefused: number };
  /** Names of changed settings that affect access or exposure. */
  readonly settings: readonly string[];
}

export interface ComparedSources {
  readonly before: ConfigSource;
  readonly after: ConfigSource;
}

const maxListed = 10;
const longest = 200;

export async function compareReload(): Promise<ExitCode> {
  if (process.send === undefined) throw usageError('rolegate: this is started by rolegate serve, after a reload');
  const { before, after } = await new Promise<ComparedSources>((resolve) =>
    process.once('message', (sources) => resolve(sources as ComparedSources)),
  );
  const [old, next] = [parseSource(before, process.env), parseSource(after, process.env)];
  if (!old.ok || !next.ok) throw new Error('a configuration that was in use cannot be read');
  const { newlyAllowed, newlyRefused, settings } = compareConfigs(old, next);
  const names = settings
    .filter((one) => one.class !== 'neither')
    .map(({ setting, routeAfter, routeBefore }) => {
      const route = routeAfter ?? routeBefore;
      return route === null ? setting : `${route}: ${setting}`;
    });
  const changes: ReloadChanges = {
    newlyAllowed: listed(newlyAllowed.map(inWords)),
    newlyRefused: listed(newlyRefused.map(inWords)),
    counts: { newlyAllowed: newlyAllowed.length, newlyRefused: newlyRefused.length },
    settings: listed([...new Set(names)]),
  };
  await new Promise<void>((sent) => process.send?.(changes, undefined, undefined, () => sent()));
  process.disconnect?.();
  return ExitCode.fine;
}

function inWords({ methods, everyMethod, routeBefore, routeAfter, who, possible }: VerdictChange): string {
  const which = everyMethod ? 'every method' : methods.join(', ');
  return `${possible ? 'possibly ' : ''}${which} ${routeInWords(routeBefore, routeAfter)}: ${who.join(' or ')}`;
}

function listed(texts: readonly string[]): readonly string[] {
  return texts.slice(0, maxListed).map((text) => (text.length > longest ? `${text.slice(0, longest)}...` : text));
}
