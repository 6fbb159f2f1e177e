/** `rolegate test`: tests the rules with the tests next to them, without a network. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Places } from '../config/places.ts';
import { newIdentities, proposeCases } from '../policy-tools/propose-cases.ts';
import { runTests } from '../policy-tools/test-report.ts';
import { addCases, casesByFile, casesText, type Draft } from '../policy-tools/written-cases.ts';
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
  /** With `update`: a test file to which the cases are added, or a folder for one test file for each file of routes. */
  readonly out?: string;
}

/** `files`: test files; empty: those that are found. */
export function test(files: readonly string[], options: TestOptions): ExitCode {
  const lost = files.find((file) => !existsSync(file));
  if (lost !== undefined) throw new CommandError(`rolegate: there is no file ${lost}`);
  // Weakening each rule in turn, or searching for cases, can take minutes.
  const { config, places } = readPlaced(options.config, { tests: files.length > 0 ? files : 'found' });
  if (options.update === true) {
    update(config, places, options);
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

function update(config: Config, places: Places, { config: main, mutation, out }: TestOptions): void {
  const proposals = proposeCases(config, runTests(config, false), mutation !== undefined);
  const draft = { identities: newIdentities(config, proposals), proposals };
  process.stdout.write(out === undefined ? casesText(draft, 'file') : addTo(out, main, places, draft));
}

/** Returns what was done, in words. */
function addTo(out: string, main: string, places: Places, draft: Draft): string {
  const { cases, notFound } = draft.proposals;
  const beyond = notFound.map((words) => `not found: ${words}\n`).join('');
  if (cases.length === 0) return `nothing to add to ${out}\n${beyond}`;
  const isFolder = statSync(out, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder && !/\.test\.ya?ml$/.test(out)) {
    throw usageError('rolegate: expected --out as a test file, such as gateway.test.yaml, or as a folder');
  }
  const files = isFolder ? byRouteFile(out, main, places, draft) : new Map([[out, draft]]);
  const texts = [...files].map(([file, own]) => [file, own.proposals.cases.length, textWith(file, own)] as const);
  for (const [file, , text] of texts) replaceFile(file, text);
  const added = texts.map(
    ([file, count]) => `added ${count === 1 ? '1 case' : `${count} cases`} to ${file}: review them\n`,
  );
  return added.join('') + beyond;
}

/** A test file for each file of routes, at the same place below the folder. */
function byRouteFile(folder: string, main: string, places: Places, draft: Draft): ReadonlyMap<string, Draft> {
  const testFileOf = (file: string) => join(folder, relative(dirname(main), file).replace(/(\.ya?ml)?$/, '.test.yaml'));
  const known = new Map<number, string>();
  const fileOf = (route: number) => {
    const file = known.get(route) ?? testFileOf(places.problemAt({ kind: 'route', index: route }, '', null).file);
    known.set(route, file);
    return file;
  };
  return casesByFile(draft, fileOf, testFileOf(main));
}

function textWith(file: string, draft: Draft): string {
  const before = readText(file);
  const hasCases = draft.proposals.cases.length > 0;
  const text =
    before === null && hasCases
      ? casesText({ ...draft, proposals: { ...draft.proposals, notFound: [] } }, 'file')
      : addCases(before ?? '', draft);
  if (typeof text !== 'string') throw new CommandError(`rolegate: ${file} ${text.problem}`);
  return text;
}

/** All or nothing: the file contains tests written by the user. */
function replaceFile(file: string, text: string): void {
  const target = existsSync(file) ? realpathSync(file) : file;
  const whole = `${target}.${process.pid}.new`;
  try {
    mkdirSync(dirname(target), { recursive: true });
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
