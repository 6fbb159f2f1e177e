/** `rolegate validate`: loads the configuration and reports its content, or all problems; and likely mistakes. */
import pc from 'picocolors';
import { type PlacedFinding, placedFindings } from '../app/place-findings.ts';
import type { Config } from '../config/config.ts';
import { formatProblem } from '../config/format-problems.ts';
import { loadConfig } from '../config/load-config.ts';
import { didYouMean } from '../config/nearest-name.ts';
import { entriesOf } from '../core/routing/route-table.ts';
import { findingKinds } from '../policy-tools/analysis/finding.ts';
import { ExitCode, usageError } from './exit-code.ts';
import { readPlaced } from './read-config.ts';
import { findingsSarif, problemsSarif } from './sarif.ts';

export interface ValidateOptions {
  /** Warnings fail. */
  readonly strict?: boolean;
  readonly sarif?: boolean;
  /** Codes, or code and subject (`public_under_protected:health`), of accepted findings. */
  readonly ignore?: readonly string[];
}

export function validate(file: string, { strict = false, sarif = false, ignore = [] }: ValidateOptions = {}): ExitCode {
  checkIgnored(ignore);
  if (sarif) {
    const result = loadConfig(file, process.env);
    if (!result.ok) {
      process.stdout.write(problemsSarif(result.problems));
      return ExitCode.failed;
    }
    const findings = withoutIgnored(placedFindings(result.config, result.places), ignore);
    process.stdout.write(findingsSarif(findings, strict));
    return exitCode(findings, strict);
  }
  const { config, places } = readPlaced(file);
  const findings = withoutIgnored(placedFindings(config, places), ignore);
  process.stderr.write(findingsText(findings, strict));
  process.stdout.write(`${summary(file, config, findings, strict)}\n`);
  return exitCode(findings, strict);
}

/** Throws for a finding that does not exist. `ignore`: codes, or code and subject. */
export function checkIgnored(ignore: readonly string[]): void {
  const known = Object.keys(findingKinds);
  for (const entry of ignore) {
    const code = entry.split(':', 1)[0]!;
    if (known.includes(code)) continue;
    const hint = didYouMean(code, known) ?? `known: ${known.join(', ')}`;
    throw usageError(`rolegate: there is no finding "${code}": ${hint}`);
  }
}

export function withoutIgnored(
  findings: readonly PlacedFinding[],
  ignore: readonly string[],
): readonly PlacedFinding[] {
  return findings.filter(({ code, subject }) => !ignore.includes(code) && !ignore.includes(`${code}:${subject}`));
}

function exitCode(findings: readonly PlacedFinding[], strict: boolean): ExitCode {
  return strict && warnings(findings) > 0 ? ExitCode.failed : ExitCode.fine;
}

function warnings(findings: readonly PlacedFinding[]): number {
  return findings.filter(({ code }) => findingKinds[code].severity === 'warning').length;
}

function summary(file: string, config: Config, findings: readonly PlacedFinding[], strict: boolean): string {
  const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;
  const parts = [
    count(entriesOf(config.routes.routes).length, 'route'),
    count(config.roles.size, 'role'),
    count(config.upstreams.size, 'upstream'),
  ];
  const warned = warnings(findings);
  const counts = [
    ...(warned > 0 ? [count(warned, strict ? 'error' : 'warning')] : []),
    ...(findings.length > warned ? [count(findings.length - warned, 'note')] : []),
  ];
  const verdict = strict && warned > 0 ? pc.red('failed') : pc.green('ok');
  return `${verdict} ${file}: ${parts.join(', ')}${counts.length === 0 ? '' : `; ${counts.join(', ')}`}`;
}

/** Further ones are counted. */
const maxShown = 100;

/** As text, like problems, with the code by which a finding can be ignored. */
function findingsText(findings: readonly PlacedFinding[], strict: boolean): string {
  const blocks = findings.slice(0, maxShown).map(({ code, problem }) => {
    const { severity } = findingKinds[code];
    const level = severity === 'warning' && strict ? 'error' : severity;
    const paint = { error: pc.red, warning: pc.yellow, note: pc.cyan }[level];
    const message = `${paint(`${level}[${code}]`)} ${problem.message}`;
    return formatProblem({ ...problem, message }, { color: pc.isColorSupported });
  });
  if (findings.length > maxShown) blocks.push(`and ${findings.length - maxShown} more`);
  return blocks.length === 0 ? '' : `${blocks.join('\n\n')}\n\n`;
}
