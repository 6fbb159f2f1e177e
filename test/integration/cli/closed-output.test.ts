/** Commands whose output is closed, as in `rolegate ... | head -1`: they end without an error. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { skipHere } from '../../support/skip-here.ts';

type Command = ChildProcessByStdio<null, Readable, Readable>;

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): { command: Command; ended: Promise<unknown> } {
  const command: Command = spawn(process.execPath, ['src/main.ts', ...args], {
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void command.kill('SIGKILL'));
  const complaints = text(command.stderr);
  const ended = once(command, 'close').then(async ([code, signal]) => ({ code, signal, complaints: await complaints }));
  return { command, ended };
}

const quietly = { code: 0, signal: null, complaints: '' };

/** Its own end of the pipe closes after the first screen. */
async function desertedDemo() {
  const { command, ended } = start(['demo'], { ROLEGATE_LISTEN: '127.0.0.1:0', ROLEGATE_ADMIN: '127.0.0.1:0' });
  let screen = '';
  for await (const part of command.stdout.iterator({ destroyOnReturn: false })) {
    screen += String(part);
    if (screen.includes('Codes and requests appear below')) break;
  }
  command.stdout.destroy();
  await once(command.stdout, 'close');
  return { command, ended, gateway: /gateway +(http:\S+)/.exec(screen)![1]! };
}

test('a stopped demo', async () => {
  const { command, ended } = await desertedDemo();
  command.kill('SIGINT');
  expect(await ended).toEqual(quietly);
});

test('a demo with pending output', async () => {
  const { ended, gateway } = await desertedDemo();
  expect((await fetch(`${gateway}/elsewhere`, { headers: { connection: 'close' } })).status).toBe(404);
  expect(await ended).toEqual(quietly);
});

test.each([['schema'], ['schema', '--reference'], ['--help'], ['test', '--config', 'config/examples/legacy.yaml']])(
  'the command: %s %s',
  async (...args) => {
    const { command, ended } = start(args);
    command.stdout.destroy();
    expect(await ended).toEqual(quietly);
  },
);

test('a full output device is an error, reported in one line', async () => {
  if (!existsSync('/dev/full')) skipHere('no /dev/full on this system');
  const full = openSync('/dev/full', 'w');
  const command = spawn(process.execPath, ['src/main.ts', 'schema'], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  const [complaints, [code]] = await Promise.all([text(command.stderr!), once(command, 'close')]);
  expect({ code, complaints }).toEqual({ code: 1, complaints: 'rolegate: the output cannot be written (ENOSPC)\n' });
});
