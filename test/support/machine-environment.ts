/**
 * The environment as a user of this machine has it in a shell: without the additions of npm and the tests' own Node, so
 * that `node` and `npm` are the machine's.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { skipHere } from './skip-here.ts';

const path = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((entry) => !entry.includes('node_modules') && !entry.includes('node-gyp-bin'));
const ofNpm = /^npm_(?:package|lifecycle|execpath|node_execpath|command)|^NODE(?!_EXTRA_CA_CERTS)|^VITEST|^INIT_CWD$/;

/** Merged over `process.env`: `undefined` removes a variable. */
export const machineEnvironment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.keys(process.env).flatMap((name) => (ofNpm.test(name) ? [[name, undefined]] : []))),
  PATH: path.join(delimiter),
};

/** A Node on this machine that cannot run the project itself; null if there is none. */
export function findOldNode(): string | null {
  const found = path
    .map((entry) => join(entry, 'node'))
    .find((node) => existsSync(node) && Number(execFileSync(node, ['-p', 'parseInt(process.versions.node)'])) < 26);
  return found ?? null;
}

/** The same with this version of npm instead of the machine's, such as `10`; skips if it is not available. */
export function environmentWithNpm(version: string): NodeJS.ProcessEnv {
  const args = ['--yes', '--package', `npm@${version}`, '--call', 'command -v npm'];
  const { status, stdout, stderr } = spawnSync('npx', args, {
    encoding: 'utf8',
    env: { ...process.env, ...machineEnvironment, npm_config_fetch_timeout: '15000' },
  });
  if (status === 0) return { ...machineEnvironment, PATH: [dirname(stdout.trim()), ...path].join(delimiter) };
  if (unreachable.test(stderr)) skipHere('npm does not reach its registry');
  throw new Error(stderr);
}

/** What npm prints when it cannot reach its registry. */
export const unreachable = /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENOTCACHED/;
