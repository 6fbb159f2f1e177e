/** Log lines about configurations: applied, refused, compared, with warnings. */
import type { RefusedReload } from '../admin/ready-report.ts';
import type { Config } from '../config/config.ts';
import type { ConfigProblem } from '../config/yaml/problem.ts';
import type { Telemetry } from '../telemetry/create-telemetry.ts';
import { needsRestart } from './needs-restart.ts';

export interface ConfigLog {
  /** Changed settings that need a restart; they are logged. */
  fixed(current: Config, next: Config): readonly string[];
  reloaded(next: Config): void;
  refused(problems: readonly ConfigProblem[]): void;
  /** Of the last reload; null: it was taken into use, or there was none. */
  refusedReload(): RefusedReload | null;
  /** `ignored`: settings of it that are not compared. */
  compared(next: Config, ignored: readonly string[]): void;
  notCompared(problems: readonly ConfigProblem[]): void;
  warned(findings: readonly ConfigProblem[]): void;
  /** What a reload newly allows and refuses, by the digests of both configurations; a text: why that is not known. */
  changed(digests: { readonly config: string; readonly before: string }, changes: ReloadEffect | string): void;
}

export interface ReloadEffect {
  readonly counts: { readonly newlyRefused: number };
}

export function createConfigLog({ log, configLoaded }: Telemetry): ConfigLog {
  let refusal: RefusedReload | null = null;
  return {
    fixed(current, next) {
      const settings = needsRestart(current, next);
      if (settings.length > 0) log.warn({ settings }, 'these settings change with the next start');
      return settings;
    },
    reloaded(next) {
      refusal = null;
      log.info({ config: next.digest, routes: next.routes.routes.length }, 'configuration reloaded');
    },
    refusedReload: () => refusal,
    refused(problems) {
      const [cause = ''] = firstProblems(problems);
      refusal = { at: new Date().toISOString(), cause, count: problems.length };
      configLoaded(null);
      log.error(
        { problems: firstProblems(problems), count: problems.length },
        'configuration not reloaded; the last good one stays',
      );
    },
    compared(next, ignored) {
      log.info({ routes: next.routes.routes.length }, 'candidate policy is compared with the one in use');
      if (ignored.length > 0) log.warn({ settings: ignored }, 'these settings of the candidate are not compared');
    },
    changed(digests, changes) {
      if (typeof changes === 'string')
        log.warn({ ...digests, why: changes }, 'the reload is not compared with the rules before');
      else log[changes.counts.newlyRefused > 0 ? 'warn' : 'info']({ ...digests, ...changes }, 'effect of the reload');
    },
    notCompared: (problems) =>
      log.error({ problems: firstProblems(problems), count: problems.length }, 'candidate not usable'),
    warned(findings) {
      if (findings.length === 0) return;
      log.warn({ findings: firstProblems(findings), count: findings.length }, 'the configuration has warnings');
    },
  };
}

/** The first of them, each in one line. */
function firstProblems(problems: readonly ConfigProblem[]): readonly string[] {
  return problems.slice(0, 10).map(({ file, line, message }) => `${file}:${line} ${message}`);
}
