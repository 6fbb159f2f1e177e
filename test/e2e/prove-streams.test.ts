/** `rolegate prove` with services that stream or stay silent: it ends, and reports what got no response. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type ConfigFolder, createConfigFolder } from '../support/config-folder.ts';
import { type MisbehavingServer, startMisbehavingServer } from '../support/misbehaving-server.ts';
import { runRolegate } from '../support/running-command.ts';
import { startGateway } from '../support/running-gateway.ts';

let folder: ConfigFolder;
let silent: MisbehavingServer;
beforeAll(() => {
  folder = createConfigFolder();
});
afterAll(() => folder.remove());
beforeEach(async () => {
  silent = await startMisbehavingServer({ kind: 'never-answers' });
  onTestFinished(silent.close);
});

interface Report {
  readonly groups: Readonly<Record<string, { readonly requests: number; readonly unanswered: number }>>;
  readonly findings: readonly unknown[];
  readonly unanswered: readonly { readonly target: string; readonly why: string; readonly expected: string | null }[];
}

/** Events without end at `/events`, a head and nothing more elsewhere. */
async function startStreams(): Promise<string> {
  const server = createServer(({ method, url }, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    if (method === 'HEAD') response.end();
    if (method === 'HEAD' || url?.startsWith('/events') !== true) return;
    const timer = setInterval(() => response.write('data: another event\n\n'), 20);
    response.once('close', () => clearInterval(timer));
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens at a port');
  return `http://127.0.0.1:${address.port}`;
}

async function serve(streams: string, routes: string): Promise<{ readonly file: string; readonly origin: string }> {
  const text = `
version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi: { url: "http://127.0.0.1:1" }
roles: { user: {} }
upstreams: { streams: { targets: ["${streams}"] }, silent: { targets: ["${silent.origin}"] } }
routes:
  - { id: closed, match: { path: "/closed/{id}" }, access: [user], upstream: streams }
${routes}
`;
  const gateway = await startGateway(text);
  onTestFinished(gateway.close);
  return { file: folder.write('gateway.yaml', text), origin: gateway.origin };
}

async function prove(url: string, file: string, ...more: string[]) {
  const command = runRolegate(['prove', url, '--config', file, '--json', ...more]);
  const code = await command.ended;
  return { code, report: JSON.parse(command.output()) as Report };
}

test('a service that sends events for ever, and one that sends a head and nothing, are read in part', async () => {
  const { file, origin } = await serve(
    await startStreams(),
    `  - { id: events, match: { path: "/events" }, access: public, upstream: streams }
  - { id: held, match: { path: "/held" }, access: public, upstream: streams }`,
  );
  const { code, report } = await prove(origin, file);
  expect([code, report.findings, report.unanswered]).toEqual([0, [], []]);
  expect(report.groups['paths']!.requests).toBeGreaterThan(20);
});

test('a service that accepts and says nothing is a row with a reason, and the total time bounds the run', async () => {
  const { file, origin } = await serve(
    await startStreams(),
    '  - { id: silent, match: { path: "/silent" }, access: public, upstream: silent }',
  );
  const started = performance.now();
  const { code, report } = await prove(origin, file, '--timeout', '12s');
  expect(performance.now() - started).toBeLessThan(30_000);
  const whys = new Set(report.unanswered.filter(({ target }) => target === '/silent').map(({ why }) => why));
  expect(whys).toContain('no response within 10 s');
  // What was not sent was not refused either.
  expect(report.unanswered).toContainEqual(
    expect.objectContaining({ why: 'not sent: out of time', expected: 'credential_missing' }),
  );
  expect(report.groups['rules']!.unanswered).toBeGreaterThan(0);
  expect([code, report.findings]).toEqual([1, []]);
});

test('an installation that accepts and says nothing proves nothing', async () => {
  const { file } = await serve(await startStreams(), '');
  const command = runRolegate(['prove', silent.origin, '--config', file, '--timeout', '2s'], { NO_COLOR: '1' });
  expect(await command.ended).toBe(1);
  const output = command.output();
  expect(output).toMatch(/! rules, by route and caller +2 {2}2 without a response/);
  expect(output).toMatch(/GET \/closed\/\S+ +no response in time \(credential_missing\)/);
  expect(output).toMatch(/No problem found in 0 requests\. \d+ got no response\./);
  for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
});

test.each(['soon', '10', '2h'])('--timeout %s is wrong usage', async (value) => {
  const command = runRolegate(['prove', 'http://127.0.0.1:1', '--timeout', value]);
  expect([await command.ended, command.output()]).toEqual([2, expect.stringContaining('a duration from 1s to 1h')]);
});
