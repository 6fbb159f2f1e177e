/**
 * The two commands of the README in a clean clone, on this machine's Node, with the npm version that it lacks:
 * `.ci/run` and readme-curl.test.ts use its own. npm 10 puts no `node` of a package on the PATH of scripts, npm 11
 * does.
 */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environmentWithNpm, machineEnvironment, unreachable } from '../support/machine-environment.ts';
import { copyProject, type ProjectCopy } from '../support/project-copy.ts';
import { runCommand } from '../support/running-command.ts';
import { skipHere } from '../support/skip-here.ts';

const freePorts = { ROLEGATE_LISTEN: '127.0.0.1:0', ROLEGATE_ADMIN: '127.0.0.1:0' };

const machines = execFileSync('npm', ['--version'], {
  encoding: 'utf8',
  env: { ...process.env, ...machineEnvironment },
});
const others = ['10', '11'].filter((version) => !machines.startsWith(`${version}.`));

describe.each(others)('with npm %s', (version) => {
  let env: NodeJS.ProcessEnv;
  let copy: ProjectCopy;
  const npm = (...args: string[]) => runCommand('npm', args, env, { cwd: copy.folder, ownGroup: true });

  beforeAll(async () => {
    env = { ...environmentWithNpm(version), ...freePorts };
    copy = copyProject({ installed: false });
    const install = npm('ci', '--prefer-offline', '--fetch-timeout=15000');
    if ((await install.ended) === 0) return;
    if (unreachable.test(install.output())) skipHere('npm does not reach its registry');
    throw new Error(install.output());
  }, 170_000);
  afterAll(() => copy?.remove(), 170_000);

  test('is the npm that runs', async () => {
    const told = npm('--version');
    await told.ended;
    expect(told.output()).toMatch(new RegExp(`^${version}\\.`));
  });

  test('npm start shows the screen, and Ctrl-C ends it with 0', async () => {
    const demo = npm('start');
    try {
      await demo.see(/Codes and requests appear below/);
      demo.signal('SIGINT');
      expect(await demo.ended, demo.output()).toBe(0);
    } finally {
      demo.signal('SIGKILL');
    }
  });

  test.each([
    ['npm test', ['test', '--', 'test/unit/http1']],
    ['npm run test:wire', ['run', 'test:wire', '--', 'test/integration/cli/node-launcher.test.ts']],
  ])('%s runs the tests on the Node of the install', async (_command, args) => {
    const tests = npm(...args);
    expect(await tests.ended, tests.output()).toBe(0);
  });

  test('npm run rolegate', async () => {
    const version = npm('run', '-s', 'rolegate', '--', 'version');
    expect(await version.ended, version.output()).toBe(0);
    expect(version.output()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
