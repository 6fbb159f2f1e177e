/** The command line of `rolegate ci`. */
import { type Command, Option } from 'commander';
import type { CiOptions } from './ci.ts';
import { collect, percentOption } from './option-kinds.ts';

export function addCi(program: Command, done: (code: number) => void, configOption: () => Option): void {
  program
    .command('ci')
    .description(
      'validate, test, diff and replay in one report for a pull request. Exits with 1 if a step fails, with 3 according to --fail-on',
    )
    .addOption(configOption())
    .requiredOption('--base <revision>', 'Git revision to compare with, such as origin/main')
    .addOption(percentOption('--coverage <percent>', 'minimum share of rule effects that tests cover').default(100))
    .addOption(percentOption('--mutation <percent>', 'minimum share of rule changes that tests detect').default(100))
    .addOption(
      new Option('--fail-on <difference>', 'differences that cause exit code 3')
        .choices(['nothing', 'newly-allowed', 'any-change'])
        .default('nothing'),
    )
    .option(
      '--accept <setting>',
      'with --fail-on newly-allowed: accept a changed setting or section, such as authApi.url; may be repeated',
      collect,
      [],
    )
    .option('--ignore <finding>', 'accept a finding, given as code or code:subject; may be repeated', collect, [])
    .option('--replay <file>', 'also replay a file of recorded decisions (records.file) under both')
    .option('--sarif <file>', 'write the findings as SARIF 2.1.0')
    .option('--junit <file>', 'write the tests as JUnit')
    .option('--json', 'print JSON instead of Markdown')
    .option('--text', 'print text instead of Markdown')
    .option('--out <file>', 'write the report to this file')
    .option(
      '--team <name>',
      'report only what concerns the files and routes of this team; the verdict stays that of everything',
    )
    .option('--all', 'list everything, not only the first ones of each kind')
    .action(async (options: CiOptions) => done(await (await import('./ci.ts')).ci(options)));
}
