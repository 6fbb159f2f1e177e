/** The demo as a new user meets it: one screen, and every line on it does what it says. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCurlLine } from '../support/curl-line.ts';
import { type RunningCommand, runRolegate } from '../support/running-command.ts';

const freePorts = { ROLEGATE_LISTEN: '127.0.0.1:0', ROLEGATE_ADMIN: '127.0.0.1:0' };

/** The lines of the screen: what is promised, and the command. */
function promises(output: string): { status: number; shows: string; command: string }[] {
  return [...output.matchAll(/^ {2}# (\d{3}): (.+)\n {2}(curl .+)$/gm)].map(([, status, shows, command]) => ({
    status: Number(status),
    shows: shows!,
    command: command!,
  }));
}

describe('the demo', () => {
  let demo: RunningCommand;
  beforeAll(async () => {
    demo = runRolegate(['demo'], freePorts);
    await demo.see(/Codes and requests appear below/);
  });
  afterAll(() => demo.signal('SIGKILL'));

  test('every curl line gives the status that stands above it', async () => {
    const lines = promises(demo.output());
    expect(lines.map(({ status }) => status)).toEqual([200, 200, 401, 403, 200, 404, 400, 202]);
    for (const { status, shows, command } of lines) {
      const answer = await runCurlLine(command);
      expect(answer.status, `${shows}: ${command}\n${answer.body}`).toBe(status);
      const refused = status >= 400;
      expect(answer.headers.has('x-error'), shows).toBe(refused);
      expect(answer.headers.has('x-error-id'), shows).toBe(refused);
    }
  });

  test('the service saw who the client is, and no credential', async () => {
    const [bearer, pair] = promises(demo.output());
    for (const { command } of [bearer!, pair!]) {
      const seen = JSON.parse((await runCurlLine(command)).body).headers;
      expect(seen['user-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(seen.groups).toBe('acme,public');
      expect(Object.keys(seen)).not.toContain('authorization');
      expect(Object.keys(seen)).not.toContain('api-secret');
    }
  });

  test('a login: its code appears in the terminal with the line that uses it, and its bearer then works', async () => {
    const login = promises(demo.output()).at(-1)!.command;
    const { bearer, verificationCodeID } = JSON.parse((await runCurlLine(login)).body);
    const order = promises(demo.output())[0]!.command.replace(/Bearer \w+/, `Bearer ${bearer}`);
    expect((await runCurlLine(order)).status).toBe(401);
    const [, use] = await demo.see(new RegExp(`^ {2}(curl .*${verificationCodeID}.*)$`, 'm'));
    expect((await runCurlLine(use!)).status).toBe(202);
    // The gateway may still hold the no of a moment ago, for `cache.rejected` at most.
    await expect.poll(async () => (await runCurlLine(order)).status, { timeout: 8_000, interval: 250 }).toBe(200);
  }, 15_000);

  test('requests show as one line each, with the error id of a refusal', async () => {
    const answer = await runCurlLine(promises(demo.output())[2]!.command);
    await demo.see(new RegExp(`401 GET /orders/7 .*credential_missing.*${answer.headers.get('x-error-id')}`));
  });

  test('Ctrl-C drains and exits 0', async () => {
    demo.signal('SIGINT');
    expect(await demo.ended).toBe(0);
  });
});

test.each([
  ['ROLEGATE_LISTEN', 'server.listen'],
  ['ROLEGATE_ADMIN', 'server.admin'],
])('a port that is taken gives one line that names the setting: %s', async (variable, setting) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  const { port } = holder.address() as AddressInfo;
  const demo = runRolegate(['demo'], { ...freePorts, [variable]: `127.0.0.1:${port}` });
  expect(await demo.ended).toBe(1);
  const complaint = demo
    .output()
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('{'));
  expect(complaint).toHaveLength(1);
  expect(complaint[0]).toContain(`port ${port} is taken`);
  expect(complaint[0]).toContain(setting);
  expect(complaint[0]).toContain(variable);
  holder.close();
});

test('a terminal that is closed ends it: nothing stays behind on its ports', async () => {
  const demo = runRolegate(['demo'], freePorts);
  try {
    await demo.see(/Codes and requests appear below/);
    demo.signal('SIGHUP');
    expect(await demo.ended).toBe(0);
  } finally {
    demo.signal('SIGKILL');
  }
});
