/** `rolegate test`: tests the rules with the tests next to them, without a network. */
import { existsSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { newIdentities, proposeCases } from '../policy-tools/propose-cases.ts';
import { runTests } from '../policy-tools/test-report.ts';
import { addCases, casesText, type Written } from '../policy-tools/written-cases.ts';
import { CommandError, ExitCode, usageError } from './exit-code.ts';
import { readPlaced } from './read-config.ts';
import { type ReporterName, reporters } from './test/reporters.ts';

export interface TestOptions {
  readonly config: string;
  readonly reporter: ReporterName;
  /** Percent; less fails the run. */
  readonly coverage: number;
  /** Percent of changes that the tests must notice; undefined: none is tried. */
  readonly mutation?: number;
  readonly update?: boolean;
  /** With `update`: a test file to which the cases are added. */
  readonly out?: string;
}

/** `files`: test files; empty: those that are found. */
export function test(files: readonly string[], options: TestOptions): ExitCode {
  const lost = files.find((file) => !existsSync(file));
  if (lost !== undefined) throw new CommandError(`rolegate: there is no file ${lost}`);
  // Weakening each rule in turn, or searching for cases, can take minutes.
  const { config } = readPlaced(options.config, { tests: files.length > 0 ? files : 'found' });
  if (options.update === true) {
    update(config, options);
    return ExitCode.fine;
  }
  if (options.out !== undefined) throw usageError('rolegate: --out requires --update');
  const { report } = runTests(config, options.mutation !== undefined);
  process.stdout.write(reporters[options.reporter](report));
  const faults: string[] = [];
  if (report.coverage.share * 100 < options.coverage) faults.push(`coverage is below ${options.coverage} %`);
  if (report.mutation !== null && report.mutation.score * 100 < (options.mutation ?? 0)) {
    faults.push(`the mutation score is below ${options.mutation} %`);
  }
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  return report.failed > 0 || faults.length > 0 ? ExitCode.failed : ExitCode.fine;
}

function update(config: Config, { mutation, out }: TestOptions): void {
  const proposals = proposeCases(config, runTests(config, false), mutation !== undefined);
  const written = { identities: newIdentities(config, proposals), proposals };
  process.stdout.write(out === undefined ? casesText(written, 'file') : addToFile(out, written));
}

/** Returns what was done, in words. */
function addToFile(file: string, written: Written): string {
  const { cases, notFound } = written.proposals;
  const beyond = notFound.map((words) => `not found: ${words}\n`).join('');
  if (cases.length === 0) return `nothing to add to ${file}\n${beyond}`;
  if (!/\.test\.ya?ml$/.test(file)) {
    throw usageError('rolegate: expected --out as a test file, such as gateway.test.yaml');
  }
  const before = readText(file);
  const text =
    before === null
      ? casesText({ ...written, proposals: { ...written.proposals, notFound: [] } }, 'file')
      : addCases(before, written);
  if (typeof text !== 'string') throw new CommandError(`rolegate: ${file} ${text.problem}`);
  replaceFile(file, text);
  const count = cases.length === 1 ? '1 case' : `${cases.length} cases`;
  return `added ${count} to ${file}: review them\n${beyond}`;
}

/** All or nothing: the file contains tests written by the user. */
function replaceFile(file: string, text: string): void {
  const target = existsSync(file) ? realpathSync(file) : file;
  const whole = `${target}.${process.pid}.new`;
  try {
    writeFileSync(whole, text, { flag: 'wx', mode: existsSync(target) ? statSync(target).mode : 0o666 });
    renameSync(whole, target);
  } catch {
    rmSync(whole, { force: true });
    throw new CommandError(`rolegate: ${file} cannot be written`);
  }
}

/** Null: there is no such file. */
function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new CommandError(`rolegate: ${file} cannot be read`);
  }
}
