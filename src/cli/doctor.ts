/** `rolegate doctor`: checks that everything in a configuration exists and works, with advice if it does not. */
import pc from 'picocolors';
import { placedFindings } from '../app/place-findings.ts';
import type { Address, Config } from '../config/config.ts';
import { loadAuthApiFile, loadConfig } from '../config/load-config.ts';
import type { ConfigProblem } from '../config/yaml/problem.ts';
import { entriesOf } from '../core/routing/route-table.ts';
import { findingKinds } from '../policy-tools/analysis/finding.ts';
import { type Check, type Finding, findingsOf, runChecks } from './doctor/check.ts';
import { authApiChecks } from './doctor/check-auth-api.ts';
import { authApiCertificateChecks, certificateChecks } from './doctor/check-certificates.ts';
import { filesCheck, versionChecks } from './doctor/check-machine.ts';
import { hostsOfAuthApi, hostsOfGateway, nameChecks } from './doctor/check-names.ts';
import { portsCheck } from './doctor/check-ports.ts';
import { recordChecks } from './doctor/check-records.ts';
import { redisChecks } from './doctor/check-redis.ts';
import { sourceChecks } from './doctor/check-sources.ts';
import { upstreamChecks } from './doctor/check-upstreams.ts';
import { countLevels, doctorJson, doctorText } from './doctor/doctor-report.ts';
import { sessionFindings } from './doctor/sessions-in-redis.ts';
import { sharedResultFindings } from './doctor/shared-results.ts';
import { readDuration } from './duration-option.ts';
import { ExitCode } from './exit-code.ts';
import { headerLines } from './header-lines.ts';
import { topLevelKeys } from './read-config.ts';

export interface DoctorOptions {
  readonly config: string;
  /** Of each check, such as `5s`. */
  readonly timeout: string;
  /** Header lines of a valid credential, one per line of the text. */
  readonly credential?: string;
  /** Warnings fail. */
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** Lines are not longer. */
const widest = 110;

export async function doctor({
  config: file,
  timeout,
  credential = '',
  strict = false,
  json = false,
}: DoctorOptions): Promise<ExitCode> {
  const timeoutMs = readDuration('--timeout', timeout, 500, 60_000);
  const findings = await examine(file, timeoutMs, headerLines(credential));
  const width = Math.min(Math.max(process.stdout.columns ?? widest, 60), widest);
  process.stdout.write(json ? doctorJson(file, findings) : doctorText(findings, { color: pc.isColorSupported, width }));
  const { error, warning } = countLevels(findings);
  return error > 0 || (strict && warning > 0) ? ExitCode.failed : ExitCode.fine;
}

/** Findings for the file of a gateway, or of an Auth API alone, in the order of the checks. */
export async function examine(
  file: string,
  timeoutMs: number,
  /** Alternating names and values of a valid credential. */
  credential: readonly string[] = [],
): Promise<readonly Finding[]> {
  if (topLevelKeys(file).has('database')) return await examineAuthApi(file, timeoutMs);
  return await examineGateway(file, timeoutMs, credential);
}

async function examineAuthApi(file: string, timeoutMs: number): Promise<readonly Finding[]> {
  const result = loadAuthApiFile(file, process.env);
  if (!result.ok) return problemsOf(result.problems);
  const { settings, listen, metrics, tls, metricsTls } = result.config;
  const checks = [
    ...versionChecks(),
    portsCheck({
      addresses: { listen, metrics },
      program: 'an Auth API',
      health: { address: listen, tls, status: 'ok' },
      timeoutMs,
    }),
    ...nameChecks(hostsOfAuthApi(settings, '')),
    ...authApiChecks(settings, '', timeoutMs),
    ...authApiCertificateChecks(settings, '', { tls, metricsTls }),
  ];
  return [findingsOf('configuration', file).ok('valid'), ...(await runChecks(checks, timeoutMs))];
}

async function examineGateway(
  file: string,
  timeoutMs: number,
  credential: readonly string[],
): Promise<readonly Finding[]> {
  const result = loadConfig(file, process.env);
  const { ok } = findingsOf('configuration', file);
  if (!result.ok) return problemsOf(result.problems);
  const { config, places } = result;
  const warnings = placedFindings(config, places).filter(({ code }) => findingKinds[code].severity === 'warning');
  const { authApi, cache } = config;
  const embedded = authApi?.kind === 'embedded' ? authApi.embedded : null;
  const inEmbedded = 'authApi.embedded.';
  const checks: readonly Check[] = [
    ...versionChecks(),
    filesCheck(config, timeoutMs),
    gatewayPorts(config, timeoutMs),
    ...nameChecks([...hostsOfGateway(config), ...(embedded === null ? [] : hostsOfAuthApi(embedded, inEmbedded))]),
    ...redisChecks(cache.redis, 'cache.redis', timeoutMs, async (client) => [
      ...(await sharedResultFindings(client, config)),
      ...(await sessionFindings(client, config)),
    ]),
    ...sourceChecks(config, timeoutMs, credential),
    ...(embedded === null ? [] : authApiChecks(embedded, inEmbedded, timeoutMs)),
    ...upstreamChecks(config, timeoutMs),
    ...certificateChecks(config),
    ...recordChecks(config, timeoutMs),
    ...(embedded === null ? [] : authApiCertificateChecks(embedded, inEmbedded)),
  ];
  return [
    ok(`valid; routes: ${entriesOf(config.routes.routes).length}, upstreams: ${config.upstreams.size}`),
    ...warnings.map(({ code, problem }) =>
      at(problem).warning(problem.message, problem.hint ?? `See "${code}" in the reference of findings.`),
    ),
    ...(await runChecks(checks, timeoutMs)),
  ];
}

function gatewayPorts({ server, authorizer }: Config, timeoutMs: number): Check {
  const { listeners, admin, adminTls } = server;
  return portsCheck({
    addresses: {
      ...listening(listeners),
      'server.admin': admin,
      'authorizer.listen': authorizer?.listen ?? null,
      'authorizer.grpc.listen': authorizer?.grpc?.listen ?? null,
    },
    program: 'a gateway',
    health: admin === null ? null : { address: admin, tls: adminTls, status: 'live' },
    timeoutMs,
  });
}

/** By setting. */
function listening(listeners: Config['server']['listeners']): Readonly<Record<string, Address>> {
  const settings = listeners.map((_, index) => (listeners.length === 1 ? 'server.listen' : `server.listen[${index}]`));
  return Object.fromEntries(listeners.map(({ address }, index) => [settings[index]!, address]));
}

function problemsOf(problems: readonly ConfigProblem[]): readonly Finding[] {
  const advice = '"rolegate validate" shows the lines. The other checks need a configuration that loads.';
  return problems.map((problem) => at(problem).error(problem.message, problem.hint ?? advice));
}

const at = ({ file, line }: ConfigProblem) => findingsOf('configuration', `${file}:${line}`);
