/** The demo as a new user sees it: one screen on which every line works. */

import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { runCurlLine } from '../../support/curl-line.ts';
import { readDemoScreen, useOfCode } from '../../support/demo-screen.ts';
import { type RunningCommand, runRolegate } from '../../support/running-command.ts';
import { accountSteps } from '../sign-in/accounts-world.ts';

const freePorts = { ROLEGATE_LISTEN: '127.0.0.1:0', ROLEGATE_ADMIN: '127.0.0.1:0' };

const adminOf = (output: string) => / admin (http:\S+)$/m.exec(output)![1]!;

describe('the demo', () => {
  let demo: RunningCommand;
  beforeAll(async () => {
    demo = runRolegate(['demo'], freePorts);
    await demo.see(/Codes and requests appear below/);
  });
  afterAll(() => demo.signal('SIGKILL'));

  test('every curl line returns the status printed above it', async () => {
    const { trials, expand } = readDemoScreen(demo.output());
    expect(trials.map(({ status }) => status)).toEqual([200, 200, 401, 400, 404, 200, 403, 202]);
    for (const { status, shows, printed } of trials) {
      const answer = await runCurlLine(expand(printed));
      expect(answer.status, `${shows}: ${printed}\n${answer.body}`).toBe(status);
      const refused = status >= 400;
      expect(answer.headers.has('x-error'), shows).toBe(refused);
      expect(answer.headers.has('x-error-id'), shows).toBe(refused);
    }
  });

  test("the service received the client's identity, and no credential", async () => {
    const { trials, expand } = readDemoScreen(demo.output());
    for (const { printed } of trials.slice(0, 2)) {
      const seen = JSON.parse((await runCurlLine(expand(printed))).body).headers;
      expect(seen['user-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(seen.groups).toBe('acme,public');
      expect(Object.keys(seen)).not.toContain('authorization');
      expect(Object.keys(seen)).not.toContain('api-secret');
    }
  });

  test('a login: its code appears in the terminal with the command that uses it, and its bearer then works', async () => {
    const { trials, expand } = readDemoScreen(demo.output());
    const { bearer, verificationCodeID } = JSON.parse((await runCurlLine(expand(trials.at(-1)!.printed))).body);
    const order = expand(trials[0]!.printed).replace(/Bearer \w+/, `Bearer ${bearer}`);
    expect((await runCurlLine(order)).status).toBe(401);
    const [, use] = await demo.see(useOfCode(verificationCodeID));
    expect((await runCurlLine(expand(use!))).status).toBe(202);
    // The gateway may still cache the rejection from before, for `cache.rejected` at most.
    await expect.poll(async () => (await runCurlLine(order)).status, { timeout: 8_000, interval: 250 }).toBe(200);
  }, 15_000);

  test.each(['localhost', '127.0.0.1'])(
    'the gateway in a browser, at %s, signs a person in and shows the page',
    async (host) => {
      const gateway = / gateway (http:\S+)/.exec(demo.output())![1]!;
      const { open, askCode, enter } = accountSteps(gateway);
      const browser = new CookieBrowser();
      const first = await browser.visit(`${gateway.replace('localhost', host)}/`);
      expect(first.text).toContain('Sign in to Rolegate demo');
      const address = /in a browser, as (\S+),/.exec(demo.output())![1]!;
      const before = demo.output().length;
      const asked = await askCode(browser, first, address);
      await expect.poll(() => demo.output().slice(before)).toMatch(/code \d{6} for .*; enter it on the page/);
      const code = /code (\d{6}) for /.exec(demo.output().slice(before))![1]!;
      const page = await enter(browser, asked, code);
      expect([page.status, page.url]).toEqual([200, `${gateway.replace('localhost', host)}/`]);
      expect(page.text).toContain('<h1>Hello ann</h1>');
      expect(page.text).not.toContain('rolegate-session');
      expect((await open(browser, '/.rolegate/account')).text).toContain(address);
      expect((await open(browser, '/.rolegate/account/passkeys')).status).toBe(200);
    },
  );

  test('requests appear as one line each, with the error id of a refusal', async () => {
    const { trials, expand } = readDemoScreen(demo.output());
    const answer = await runCurlLine(expand(trials[2]!.printed));
    await demo.see(new RegExp(`401 GET /orders/7 .*credential_missing\\s.*${answer.headers.get('x-error-id')}`));
  });

  test('the screen fits a terminal of 80 columns and 24 lines', () => {
    const lines = demo
      .output()
      .split(/(?<=Codes and requests .*\n)/)[0]!
      .split('\n');
    // With the line of the cursor; `--admin` takes one more, because this demo does not have the default port.
    expect(lines.length).toBeLessThanOrEqual(25);
    expect(lines.filter(({ length }) => length > 80)).toEqual([]);
  });

  test('the printed command explains the 403, and the one below a refusal shows what happened', async () => {
    const { trials, expand } = readDemoScreen(demo.output());
    const environment = { ROLEGATE_ADMIN_TOKEN: readDemoScreen(demo.output()).variables['ROLEGATE_ADMIN_TOKEN']! };
    const rolegate = async (line: string) => {
      const command = runRolegate(expand(line).split(' ').slice(1), environment);
      return { code: await command.ended, output: command.output() };
    };
    const explained = await rolegate(/^ {2}(rolegate explain (?:.*\\\n)*.*)$/m.exec(demo.output())![1]!);
    expect(explained).toEqual({ code: 3, output: expect.stringContaining('role_missing') });
    const refused = await runCurlLine(expand(trials.find(({ status }) => status === 403)!.printed));
    const [, line] = await demo.see(new RegExp(`(rolegate lookup ${refused.headers.get('x-error-id')})`));
    expect(await rolegate(`${line} --admin ${adminOf(demo.output())}`)).toEqual({
      code: 0,
      output: expect.stringContaining('role_missing'),
    });
  });

  test('Ctrl-C drains and exits 0', async () => {
    demo.signal('SIGINT');
    expect(await demo.ended).toBe(0);
  });
});

describe('with --tls', () => {
  let demo: RunningCommand;
  const authorityFile = () => readDemoScreen(demo.output()).variables['CA']!;
  beforeAll(async () => {
    demo = runRolegate(['demo', '--tls'], freePorts);
    await demo.see(/Codes and requests appear below/);
  });
  afterAll(() => demo.signal('SIGKILL'));

  test('every curl line returns the status printed above it, and the code of the login works', async () => {
    const { variables, trials, expand } = readDemoScreen(demo.output());
    expect(variables['AT']).toMatch(/^https:\/\/localhost:\d+$/);
    expect(trials.map(({ status }) => status)).toEqual([200, 200, 401, 400, 404, 200, 403, 202]);
    for (const { status, printed } of trials) expect((await runCurlLine(expand(printed))).status, printed).toBe(status);
    const [, use] = await demo.see(useOfCode());
    expect((await runCurlLine(expand(use!))).status).toBe(202);
    const [screen = ''] = demo.output().split('Codes and requests');
    const lines = screen.split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  test('a client that does not trust the authority gets no response', async () => {
    const { trials, expand } = readDemoScreen(demo.output());
    const untrusting = expand(trials[0]!.printed).replace(/--cacert "\S+" /, '');
    await expect(runCurlLine(untrusting)).rejects.toMatchObject({
      cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    });
  });

  test.each(['localhost', '127.0.0.1'])('%s is a name of the certificate, also with HTTP/2', async (host) => {
    const url = readDemoScreen(demo.output()).variables['AT']!.replace('localhost', host);
    const client = connect(url, { ca: readFileSync(authorityFile()) });
    try {
      const stream = client.request({ ':path': '/public' });
      const [headers] = await once(stream, 'response');
      expect(headers[':status']).toBe(200);
      stream.close();
    } finally {
      client.close();
    }
  });

  test('the folder has the certificate of the authority alone, and is removed at the end', async () => {
    const folder = dirname(authorityFile());
    expect(readdirSync(folder)).toEqual(['ca.pem']);
    expect(readFileSync(authorityFile(), 'utf8')).not.toContain('PRIVATE');
    demo.signal('SIGINT');
    expect(await demo.ended).toBe(0);
    expect(existsSync(folder)).toBe(false);
  });
});

test.each([
  ['ROLEGATE_LISTEN', 'server.listen'],
  ['ROLEGATE_ADMIN', 'server.admin'],
])('a port in use gives one line that mentions the setting: %s', async (variable, setting) => {
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

test('closing the terminal ends it, and frees its ports', async () => {
  const demo = runRolegate(['demo'], freePorts);
  try {
    await demo.see(/Codes and requests appear below/);
    demo.signal('SIGHUP');
    expect(await demo.ended).toBe(0);
  } finally {
    demo.signal('SIGKILL');
  }
});
