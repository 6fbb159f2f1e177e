/** Ends a run with the list of skipped tests, by reason; reports that there are none, too. */
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';
import { experimental_getRunnerTask } from 'vitest/node';

export default class SkipReport implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    process.stdout.write(skipped.length === 0 ? 'Skipped: none\n' : `Skipped: ${skipped.length}\n`);
    for (const [reason, tests] of Map.groupBy(skipped, reasonOf)) {
      process.stdout.write(`  ${reason}\n`);
      for (const test of tests) process.stdout.write(`    ${test.module.relativeModuleId} > ${test.fullName}\n`);
    }
  }
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  if (result.state === 'skipped' && result.note !== undefined) return result.note;
  for (let parent: TestSuite | TestModule = test.parent; ; parent = parent.parent) {
    // A suite skipped by its `beforeAll` keeps the reason in its own result.
    const outcome: { note?: string; state?: string } | undefined = experimental_getRunnerTask(
      parent as TestSuite,
    ).result;
    if (outcome?.note !== undefined) return outcome.note;
    if (outcome?.state === 'fail') return 'its suite failed before it';
    if (parent.type === 'module') break;
  }
  return test.options.mode === 'todo' ? 'still to be written' : 'no reason given';
}
