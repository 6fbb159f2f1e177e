/**
 * What package scripts and the installed command start with: `bin/node.cjs`, on an old Node and on the project's. Not
 * every npm puts the `node` of an installed package on the PATH of scripts.
 */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findOldNode, machineEnvironment } from '../../support/machine-environment.ts';
import { runCommand } from '../../support/running-command.ts';
import { skipHere } from '../../support/skip-here.ts';

const { scripts, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
};

function oldNode(): string {
  return findOldNode() ?? skipHere('no Node older than 26 on the PATH');
}

/** The launcher with these arguments, run by an old Node in a shell. */
function launch(args: readonly string[], { launcher = 'bin/node.cjs' } = {}) {
  return runCommand(oldNode(), [launcher, ...args], machineEnvironment);
}

test.each(Object.entries(scripts))('the script %s starts Node and tools through the launcher', (_, script) => {
  const commands = script.split(' && ').map((command) => command.replace(/^(?:NODE_COMPILE_CACHE=\S+ exec )/, ''));
  expect(commands.filter((command) => !/^(?:npm|rm|mkdir|node bin\/node\.cjs) /.test(command))).toEqual([]);
});

describe('on an old Node', () => {
  test('the program runs on the Node of the install, and so does what it starts by name', async () => {
    const program = `console.log(process.version, require('node:child_process').execSync('node -v').toString())`;
    const command = launch(['-e', program]);
    expect(await command.ended, command.output()).toBe(0);
    expect(command.output()).toBe(`${process.version} ${process.version}\n\n`);
  });

  test('flags, arguments and the exit code pass unchanged', async () => {
    const program = 'console.log(typeof gc, process.argv.slice(1)); process.exit(7)';
    const command = launch(['--expose-gc', '-e', program, 'a b', '--', '']);
    expect(await command.ended).toBe(7);
    expect(command.output()).toBe("function [ 'a b', '--', '' ]\n");
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const)('%s reaches the program', async (name) => {
    const program = `process.on('${name}', (name) => { console.log(name); process.exit(3); }); setInterval(() => {}, 9e4); console.log('up')`;
    const command = launch(['-e', program]);
    await command.see(/up/);
    command.signal(name);
    expect(await command.ended).toBe(3);
    expect(command.output()).toBe(`up\n${name}\n`);
  });

  test('a signal that ends the program also ends the launcher', async () => {
    const command = launch(['-e', `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 9e4)`]);
    expect(await command.ended).toBe(null);
  });
});

test('on a recent Node, the launcher becomes the program', async () => {
  const command = runCommand(process.execPath, ['bin/node.cjs', '-p', 'process.pid']);
  expect(await command.ended).toBe(0);
  expect(command.output()).toBe(`${command.pid}\n`);
});

describe('without a Node that can start', () => {
  /** A copy of the launcher next to its own packages, which provide this file as their Node; null for none. */
  async function launchWith(node: string | null): Promise<{ code: number | null; output: string }> {
    const folder = mkdtempSync(join(tmpdir(), 'rolegate-launcher-'));
    try {
      cpSync('bin', join(folder, 'bin'), { recursive: true });
      for (const name of Object.keys(optionalDependencies)) {
        if (node === null) break;
        mkdirSync(join(folder, 'node_modules', name, 'bin'), { recursive: true });
        writeFileSync(join(folder, 'node_modules', name, 'bin/node'), node);
        chmodSync(join(folder, 'node_modules', name, 'bin/node'), 0o755);
      }
      const command = launch(['-v'], { launcher: join(folder, 'bin/node.cjs') });
      return { code: await command.ended, output: command.output().replaceAll(folder, '') };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test('none was installed: one line, exit 2', async () => {
    const { code, output } = await launchWith(null);
    expect(output).toMatch(
      /^rolegate needs Node 26 or newer: this is Node \d+\.\d+\.\d+, and none came with the install .*npm ci.*\n$/,
    );
    expect(code).toBe(2);
  });

  test('the installed one cannot start on this system: one line, exit 2', async () => {
    const { code, output } = await launchWith('#!/nowhere/ld-musl.so\n');
    expect(output).toMatch(
      /^rolegate needs Node 26 or newer: this is Node .*, and the one of the install cannot start \(ENOENT: .*\n$/,
    );
    expect(code).toBe(2);
  });

  test('control: one that starts is used', async () => {
    expect(await launchWith('#!/bin/sh\necho "the installed one $*"\n')).toEqual({
      code: 0,
      output: 'the installed one -v\n',
    });
  });
});
