/** An explanation for people: the result first, then how it was reached. */
import pc from 'picocolors';
import type { Explanation, PoliciesReport, TrailStep } from '../../core/explain.ts';
import type { AccessReport, IdentityReport } from '../../core/explaining/explain-access.ts';
import type { CredentialReport } from '../../core/explaining/explain-credential.ts';
import type { CriterionReport } from '../../core/policy/explain-conditions.ts';

type Paint = ReturnType<typeof pc.createColors>;

export function explanationText(explanation: Explanation, color: boolean): string {
  const paint = pc.createColors(color);
  const { candidates, credential, identity, access, conditions, upstream, failure, rejection } = explanation;
  const sections = [
    verdict(explanation, paint),
    section(
      'Stages',
      explanation.trail.map((step) => trailLine(step, paint)),
      paint,
    ),
    section(
      'Routes',
      candidates.map(
        ({ route, pattern, won, why }) =>
          `${won ? paint.green('won ') : '    '}${route}  ${pattern}  ${paint.dim(why)}`,
      ),
      paint,
    ),
    section(
      'The source',
      failure === null ? [] : [`${failure.source}  ${failure.url}`, `${paint.red(failure.kind)} ${failure.detail}`],
      paint,
    ),
    section('Credential', credential === null ? [] : credentialLines(credential, rejection), paint),
    section('Client identity', identity === null ? [] : identityLines(identity), paint),
    section('Access', access === null ? [] : accessLines(access, paint), paint),
    section('Origin of the rules', explanation.policies === null ? [] : policyLines(explanation.policies), paint),
    section(
      'Conditions',
      conditions.flatMap((report) => criterionLines(report, paint)),
      paint,
    ),
    section(
      'To the service',
      upstream === null
        ? []
        : [
            `${upstream.name}  ${upstream.path ?? '(no canonical path)'}`,
            ...upstream.headers.map(([name, value]) => `${paint.dim(`${name}:`)} ${value}`),
          ],
      paint,
    ),
  ];
  return `${sections.filter((text) => text !== '').join('\n')}\n`;
}

function verdict(explanation: Explanation, paint: Paint): string {
  const { outcome, status, reason, message, condition, route, location, challenges } = explanation;
  if (outcome === 'allow') return paint.green(`allowed by route ${route}\n`);
  if (outcome === 'metadata') return paint.green('a response with the metadata of this resource\n');
  if (outcome === 'preflight') return paint.green(`a response to a preflight of route ${route}\n`);
  const word = condition === null ? reason : `${reason} (${condition})`;
  const where = route === null ? '' : ` on route ${route}`;
  const page = location === null ? '' : `redirected to ${location}\n`;
  const challengeLines =
    status === 401 ? challenges.map((challenge) => `WWW-Authenticate: ${challenge}\n`).join('') : '';
  return `${paint.red(`refused${where}: ${status} ${word}`)}\n${message}\n${page}${challengeLines}`;
}

function section(title: string, lines: readonly string[], paint: Paint): string {
  return lines.length === 0 ? '' : `${paint.bold(title)}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function trailLine({ stage, result, words }: TrailStep, paint: Paint): string {
  const marks = {
    passed: paint.green('ok'),
    settled: paint.green('ok'),
    refused: paint.red('no'),
    'not reached': paint.dim('--'),
  };
  const text = result === 'not reached' ? paint.dim('not reached') : words;
  return `${marks[result]} ${stage.padEnd(10)} ${text}`;
}

function credentialLines(
  { kind, from, taken, source }: CredentialReport,
  rejection: Explanation['rejection'],
): string[] {
  const read = kind ?? 'unreadable';
  const lines = [from === null ? 'none sent' : `${read}, from ${from}`, `the route accepts ${taken.join(', ')}`];
  if (source !== null) lines.push(`source: ${source.source ?? 'no source'} (${source.why})`);
  if (rejection !== null) lines.push(`rejected: ${rejection}`);
  return lines;
}

function identityLines(identity: IdentityReport): string[] {
  const { userId, source, roles, derived, inherited, groups, signedInAt, claims } = identity;
  const list = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '));
  const lines = [`user ${userId}`, `source ${source}`, `roles ${list(roles)}`];
  if (derived.length > 0) lines.push(`derived from other fields: ${list(derived)}`);
  if (inherited.length > 0) lines.push(`inherited: ${list(inherited)}`);
  lines.push(`groups ${list(groups)}`);
  if (signedInAt !== null) lines.push(`signed in ${signedInAt}`);
  for (const [name, value] of Object.entries(claims))
    lines.push(`claim ${name} ${value === null ? 'does not have the declared type' : JSON.stringify(value)}`);
  return lines;
}

function accessLines({ words, demands, missing }: AccessReport, paint: Paint): string[] {
  const lines = demands.map(({ list, depth, role, words, held: holds, through, elsewhere = [] }) => {
    const good = list === 'none' ? !holds : holds;
    const how = role === null ? (holds ? 'met' : 'not met') : heldInWords(role, through, elsewhere);
    return `${'  '.repeat(depth)}${good ? paint.green('ok') : paint.red('no')} ${list} ${role ?? `(${words})`}: ${how}`;
  });
  if (missing.length > 0) lines.push(`missing: ${missing.join(', ')}`);
  return [words, ...lines];
}

function heldInWords(role: string, through: string | null, elsewhere: readonly string[]): string {
  if (through === null) return elsewhere.length === 0 ? 'not held' : `not held here, but in ${elsewhere.join(', ')}`;
  return through === role ? 'held' : `held through ${through}`;
}

function policyLines({ own, applied }: PoliciesReport): string[] {
  return [
    `the route: ${own}`,
    ...applied.map(({ id, pattern, upstream, access, conditions }) => {
      const parts = [...(access === null ? [] : [access]), ...conditions];
      return `policy ${id} (${pattern}${upstream === null ? '' : ` to ${upstream}`}): ${parts.join(', ')}`;
    }),
  ];
}

function criterionLines(report: CriterionReport, paint: Paint): string[] {
  const exempt = !report.concerns
    ? ' (not for this identity)'
    : report.exemptBy === null
      ? ''
      : ` (exempt by role ${report.exemptBy})`;
  const mark = !report.applies ? paint.dim('--') : report.passed ? paint.green('ok') : paint.red('no');
  const named = report.name === null || report.name === report.reason ? '' : ` (${report.name})`;
  const from = report.policy === null ? '' : ` of policy ${report.policy}`;
  const head = `${mark} ${report.reason}${named}${from}: ${report.words}${exempt}`;
  if (!report.applies) return [head];
  const steps = report.steps.map(({ depth, words, truth, compared }) => {
    const values = compared
      .map(({ name, value, why }) => (why === null ? `${name} = ${JSON.stringify(value)}` : `${name} ${why}`))
      .join(', ');
    return `   ${'  '.repeat(depth)}${truth === 'met' ? 'true ' : 'false'} ${words}${values === '' ? '' : paint.dim(`  ${values}`)}`;
  });
  return [head, ...steps];
}
