/** `rolegate test`: proves the rules with the tests that stand beside them, without a network. */
import { proposeCases } from '../workbench/propose-cases.ts';
import { runTests } from '../workbench/test-report.ts';
import { ExitCode } from './exit-code.ts';
import { readPlaced } from './read-config.ts';
import { type ReporterName, reporters } from './test/reporters.ts';

export interface TestOptions {
  readonly config: string;
  readonly reporter: ReporterName;
  /** Percent; fewer fail the run. */
  readonly coverage: number;
  /** Percent of changes that the tests must notice; undefined: none is tried. */
  readonly mutation?: number;
  readonly update?: boolean;
}

/** `files`: of tests alone; none are named: those that are found. */
export function test(files: readonly string[], options: TestOptions): ExitCode {
  const { config } = readPlaced(options.config, { tests: files.length > 0 ? files : 'found' });
  if (options.update === true) {
    process.stdout.write(proposeCases(config, runTests(config, false), 'file'));
    return ExitCode.fine;
  }
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
