/**
 * Skips what is currently running, with a reason for the list of skips: the test, or from `beforeAll` every test of its
 * suite. Loaded for each test file as a setup file, because a hook learns its suite only from an argument.
 */
import { beforeAll, type RunnerTask, type RunnerTestCase, type RunnerTestSuite, TestRunner } from 'vitest';

let file: Readonly<RunnerTestSuite> | undefined;

// biome-ignore lint/correctness/noEmptyPattern: the runner wants a destructuring pattern as the first parameter.
beforeAll(({}, suite) => {
  file = suite;
});

/** Never returns: throws what the runner interprets as a skip. */
export function skipHere(reason: string): never {
  const test = TestRunner.getCurrentTest<RunnerTestCase | undefined>() ?? firstTest(file?.tasks ?? []);
  if (test === undefined) throw new Error(`There is no test here to skip: ${reason}`);
  const before = test.result;
  try {
    return test.context.skip(reason);
  } catch (skip) {
    // From `beforeAll`, the test was only borrowed for the skip: the runner marks those of the suite itself.
    if (TestRunner.getCurrentTest() === undefined) {
      if (before === undefined) delete test.result;
      else test.result = before;
    }
    throw skip;
  }
}

function firstTest(tasks: readonly RunnerTask[]): RunnerTestCase | undefined {
  for (const task of tasks) {
    const test = task.type === 'test' ? task : firstTest(task.tasks);
    if (test !== undefined) return test;
  }
  return undefined;
}
