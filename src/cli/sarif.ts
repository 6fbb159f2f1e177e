/**
 * Problems and findings as SARIF 2.1.0, for code scanning services: rules with help, locations relative to the working directory, and
 * fingerprints that do not change with line numbers.
 */
import { createHash } from 'node:crypto';
import { relative, sep } from 'node:path';
import type { PlacedFinding } from '../app/place-findings.ts';
import type { ConfigProblem } from '../config/yaml/problem.ts';
import { findingKinds } from '../policy-tools/analysis/finding.ts';
import type { BrokenExpectation } from '../policy-tools/base-tests.ts';
import { version } from './version.ts';

interface Result {
  readonly rule: string;
  readonly level: 'error' | 'warning' | 'note';
  readonly problem: Pick<ConfigProblem, 'file' | 'line' | 'column' | 'message' | 'hint'>;
  /** Unchanged by edits elsewhere in the file. */
  readonly subject: string;
}

const schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
/** Rule for problems that prevent loading a file. */
const invalid = {
  id: 'configuration_invalid',
  meaning: 'The configuration cannot be used.',
  level: 'error',
} as const;

/** Rule for tests of the base that fail under the change. */
const unmet = {
  id: 'base_expectation_unmet',
  meaning: 'A test of the base no longer holds.',
  level: 'warning',
} as const;

/** `broken`: expectations of the base that no longer hold. */
export function findingsSarif(
  findings: readonly PlacedFinding[],
  strict: boolean,
  broken: readonly BrokenExpectation[] = [],
): string {
  return sarif([
    ...broken.map(({ name, file, line, faults }): Result => {
      const problem = { file, line, column: 1, message: `${name}: ${faults.join('; ')}`, hint: null };
      return { rule: unmet.id, level: unmet.level, problem, subject: name };
    }),
    ...findings.map(({ code, subject, problem }): Result => {
      const { severity } = findingKinds[code];
      return { rule: code, level: strict && severity === 'warning' ? 'error' : severity, problem, subject };
    }),
  ]);
}

export function problemsSarif(problems: readonly ConfigProblem[]): string {
  return sarif(problems.map((problem) => ({ rule: invalid.id, level: 'error', problem, subject: problem.message })));
}

function sarif(results: readonly Result[]): string {
  const kinds = Object.entries(findingKinds).map(([id, { meaning, severity }]) => ({ id, meaning, level: severity }));
  const rules = [invalid, unmet, ...kinds];
  const log = {
    $schema: schema,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Rolegate',
            semanticVersion: version,
            rules: rules.map(({ id, meaning, level }) => ({
              id,
              shortDescription: { text: meaning },
              fullDescription: { text: meaning },
              help: { text: meaning },
              defaultConfiguration: { level },
              properties: { tags: ['security', 'access-control'] },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: results.map(({ rule, level, problem, subject }) => ({
          ruleId: rule,
          ruleIndex: rules.findIndex(({ id }) => id === rule),
          level,
          message: { text: problem.hint === null ? problem.message : `${problem.message}. ${problem.hint}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(problem.file) },
                region: { startLine: problem.line, startColumn: problem.column },
              },
            },
          ],
          partialFingerprints: { 'rolegate/v1': fingerprint(rule, uriOf(problem.file), subject) },
        })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function uriOf(file: string): string {
  const parts = relative('', file).split(sep);
  return parts.map(encodeURIComponent).join('/');
}

function fingerprint(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
