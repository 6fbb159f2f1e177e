/**
 * `npm ci && npm start` as promised in the README, in a fresh copy: every printed line with the real curl, and Ctrl-C as a terminal
 * sends it. `npm run bench:start` measures a start. With CI=true the packages are installed too.
 */
import { execFile, spawnSync } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDemoScreen, useOfCode } from '../support/demo-screen.ts';
import { copyProject, type ProjectCopy } from '../support/project-copy.ts';
import { openRaw } from '../support/raw-client.ts';
import { type RunningCommand, runCommand, runRolegate } from '../support/running-command.ts';
import { skipHere } from '../support/skip-here.ts';

const installs = process.env['CI'] === 'true';
const freePorts = { ROLEGATE_LISTEN: '127.0.0.1:0', ROLEGATE_ADMIN: '127.0.0.1:0' };
const npmStart = (folder: string) => runCommand('npm', ['start'], freePorts, { cwd: folder, ownGroup: true });

let copy: ProjectCopy;
let demo: RunningCommand;
const cleaning: (() => void)[] = [];

beforeAll(async () => {
  copy = copyProject({ installed: !installs });
  cleaning.push(copy.remove);
  if (installs) {
    const installing = runCommand('npm', ['ci'], {}, { cwd: copy.folder });
    expect(await installing.ended, installing.output()).toBe(0);
  }
  demo = npmStart(copy.folder);
  cleaning.push(() => demo.signal('SIGKILL'));
  await demo.see(/Codes and requests appear below/);
}, 170_000);
afterAll(() => {
  for (const clean of cleaning.reverse()) clean();
});

const screen = () => readDemoScreen(demo.output());

interface Shown {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/** Pastes the credentials and a line into a shell. */
async function paste(line: string): Promise<Shown> {
  const { stdout } = await promisify(execFile)('sh', ['-c', screen().paste(line)], { timeout: 20_000 });
  const end = stdout.indexOf('\r\n\r\n');
  const headers = stdout.slice(0, end);
  return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(headers)?.[1]), headers, body: stdout.slice(end + 4) };
}

function needCurl(): void {
  if (spawnSync('curl', ['--version']).status !== 0) skipHere('no curl: install it (Debian: apt-get install curl)');
}

test('the screen shows the addresses, and two users with working credentials', async () => {
  const places = Object.fromEntries(
    [...demo.output().matchAll(/ {3}(gateway|admin) (http\S+)/gm)].map(([, name, url]) => [name, url]),
  );
  expect(Object.keys(places)).toEqual(['gateway', 'admin']);
  const { variables } = screen();
  const authorization = `Bearer ${variables['ROLEGATE_ADMIN_TOKEN']}`;
  for (const path of ['/metrics', '/health/live', '/health/ready', '/routes']) {
    expect([path, (await fetch(`${places['admin']}${path}`, { headers: { authorization } })).status]).toEqual([
      path,
      200,
    ]);
  }
  const bearers = [variables['ANN']!, variables['ROOT']!];
  const pair = { 'api-key': variables['KEY']!, 'api-secret': variables['SECRET']! };
  for (const headers of [...bearers.map((token) => ({ authorization: `Bearer ${token}` })), pair]) {
    expect((await fetch(`${places['gateway']}/orders/7`, { headers })).status).toBe(200);
  }
});

describe('with curl', () => {
  test('every line returns the status printed above it, refusals with both headers', async () => {
    needCurl();
    const { trials } = screen();
    expect(new Set(trials.map(({ status }) => status))).toEqual(new Set([200, 202, 400, 401, 403, 404]));
    for (const { status, shows, printed } of trials) {
      const { headers, ...shown } = await paste(printed);
      expect(shown.status, `${shows}: ${printed}\n${headers}\n${shown.body}`).toBe(status);
      expect([shows, /^x-error: [\x20-\x7e]{1,256}$/im.test(headers)]).toEqual([shows, status >= 400]);
      expect([shows, /^x-error-id: [0-9a-f-]{36}$/im.test(headers)]).toEqual([shows, status >= 400]);
      // After the text of a refusal, the prompt starts on a new line.
      if (status >= 400) expect([shows, shown.body.at(-1)]).toEqual([shows, '\n']);
      expect([shows, /^www-authenticate: Bearer/im.test(headers)]).toEqual([shows, status === 401 || status === 403]);
    }
  });

  test('the lines that promise an identity show the headers that the service received', async () => {
    needCurl();
    const [ann, pair, ...others] = screen().trials.filter(({ status }) => status === 200);
    const root = others.find(({ shows }) => shows.startsWith('root'))!;
    const seen = [];
    for (const { printed } of [ann!, pair!, root]) seen.push(JSON.parse((await paste(printed)).body).headers);
    for (const headers of seen) {
      expect(headers['user-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers['groups']).toMatch(/\w/);
      for (const name of ['authorization', 'api-key', 'api-secret']) expect(headers).not.toHaveProperty(name);
    }
    expect(seen[0]['user-id']).toBe(seen[1]['user-id']);
    expect(seen[0]['user-id']).not.toBe(seen[2]['user-id']);
  });

  test('the login: its code and the next command appear in the terminal, and the bearer then works', async () => {
    needCurl();
    const { trials, expand } = screen();
    const login = trials.find(({ status }) => status === 202)!;
    const { bearer, verificationCodeID } = JSON.parse((await paste(login.printed)).body);
    const [, next] = await demo.see(useOfCode(verificationCodeID));
    expect((await paste(next!)).status).toBe(202);
    const order = expand(trials[0]!.printed).replace(/Bearer \w+/, `Bearer ${bearer}`);
    expect((await paste(order)).status).toBe(200);
  });

  test('a refusal is found in the terminal by its error id', async () => {
    needCurl();
    const { headers } = await paste(screen().trials.find(({ status }) => status === 403)!.printed);
    const errorId = /^x-error-id: (\S+)$/im.exec(headers)![1]!;
    await demo.see(new RegExp(`403 .*role_missing\\s.*${errorId}`));
  });
});

test('requests appear below the screen, each with its method and path', () => {
  const below = demo.output().split('Codes and requests appear below.')[1]!;
  const lines = [...below.matchAll(/^ {2}\d{3} .*$/gm)].map(([line]) => line);
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.filter((line) => !/^ {2}\d{3} [A-Z]+ \/\S* {2}/.test(line))).toEqual([]);
});

/** Starts a request as the administrator; `finish` sends its end and returns the status. */
async function beginRequest({ output }: RunningCommand): Promise<{ finish(): Promise<number> }> {
  const port = Number(/ gateway http:\S+:(\d+)/.exec(output())![1]);
  const bearer = readDemoScreen(output()).variables['ROOT']!;
  const client = await openRaw(port);
  client.write(`PUT /orders/7 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${bearer}\r\nContent-Length: 4\r\n\r\nha`);
  // It has been accepted when a later one has its response.
  await fetch(`http://127.0.0.1:${port}/orders/7`);
  return {
    async finish() {
      client.write('lf');
      const { status } = await client.answer('PUT');
      client.destroy();
      return status;
    },
  };
}

test('Ctrl-C completes requests in flight and exits with 0, without output from npm', async () => {
  const { finish } = await beginRequest(demo);
  demo.signal('SIGINT');
  await demo.see(/finishing requests in flight/);
  expect(await finish()).toBe(200);
  expect(await demo.ended).toBe(0);
  expect(demo.output()).not.toMatch(/npm error|SIGINT|ERR!/);
});

test('treats a second SIGINT, forwarded by npm, as the same Ctrl-C', async () => {
  const alone = runRolegate(['demo'], freePorts);
  try {
    await alone.see(/Codes and requests appear below/);
    const { finish } = await beginRequest(alone);
    alone.signal('SIGINT');
    await alone.see(/finishing requests in flight/);
    alone.signal('SIGINT');
    expect(await finish()).toBe(200);
    expect(await alone.ended).toBe(0);
  } finally {
    alone.signal('SIGKILL');
  }
});

test('a port in use: one line that mentions the setting, exit 1', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  const { port } = holder.address() as AddressInfo;
  try {
    const second = runCommand(
      'npm',
      ['start'],
      { ...freePorts, ROLEGATE_LISTEN: `127.0.0.1:${port}` },
      { cwd: copy.folder, ownGroup: true },
    );
    expect(await second.ended).toBe(1);
    const lines = second
      .output()
      .split('\n')
      .filter((line) => line !== '' && !/^(> |\{|npm )/.test(line));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`port ${port} is taken.*ROLEGATE_LISTEN`));
  } finally {
    holder.close();
  }
});
