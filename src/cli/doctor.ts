/** `rolegate doctor`: whether everything that a configuration names is there and works, and what to do where it does not. */
import pc from 'picocolors';
import { findSurprises } from '../app/find-surprises.ts';
import { loadConfig } from '../config/load-config.ts';
import type { ConfigProblem } from '../config/yaml/problem.ts';
import { entriesOf } from '../core/routing/route-table.ts';
import { findingKinds } from '../policy-tools/analysis/finding.ts';
import { type Check, type Finding, findingsOf, runChecks } from './doctor/check.ts';
import { machineChecks } from './doctor/check-machine.ts';
import { nameChecks } from './doctor/check-names.ts';
import { redisChecks } from './doctor/check-redis.ts';
import { sourceChecks } from './doctor/check-sources.ts';
import { upstreamChecks } from './doctor/check-upstreams.ts';
import { countLevels, doctorJson, doctorText } from './doctor/doctor-report.ts';
import { ExitCode, usageError } from './exit-code.ts';

export interface DoctorOptions {
  readonly config: string;
  /** Milliseconds for each check. */
  readonly timeout: string;
  /** Warnings fail. */
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** Lines are not longer. */
const widest = 110;

export async function doctor({
  config: file,
  timeout,
  strict = false,
  json = false,
}: DoctorOptions): Promise<ExitCode> {
  const timeoutMs = Number(timeout);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 500 || timeoutMs > 60_000) {
    throw usageError('rolegate: --timeout takes whole milliseconds from 500 to 60000');
  }
  const findings = await examine(file, timeoutMs);
  const width = Math.min(Math.max(process.stdout.columns ?? widest, 60), widest);
  process.stdout.write(json ? doctorJson(file, findings) : doctorText(findings, { color: pc.isColorSupported, width }));
  const { error, warning } = countLevels(findings);
  return error > 0 || (strict && warning > 0) ? ExitCode.failed : ExitCode.fine;
}

/** What there is to say, in the order of the checks. */
export async function examine(file: string, timeoutMs: number): Promise<readonly Finding[]> {
  const result = loadConfig(file, process.env);
  const { ok } = findingsOf('configuration', file);
  if (!result.ok) {
    const advice = '"rolegate validate" shows the lines. The other checks need a configuration that loads.';
    return result.problems.map((problem) => at(problem).error(problem.message, problem.hint ?? advice));
  }
  const { config, places } = result;
  const surprises = findSurprises(config, places).filter(({ code }) => findingKinds[code].severity === 'warning');
  const checks: readonly Check[] = [
    ...machineChecks(config, timeoutMs),
    ...nameChecks(config),
    ...redisChecks(config, timeoutMs),
    ...sourceChecks(config, timeoutMs),
    ...upstreamChecks(config, timeoutMs),
  ];
  return [
    ok(`it loads; routes: ${entriesOf(config.routes.routes).length}, upstreams: ${config.upstreams.size}`),
    ...surprises.map(({ code, problem }) =>
      at(problem).warning(problem.message, problem.hint ?? `See "${code}" in the reference of warnings.`),
    ),
    ...(await runChecks(checks, timeoutMs)),
  ];
}

const at = ({ file, line }: ConfigProblem) => findingsOf('configuration', `${file}:${line}`);
