/**
 * Tracing in a process, from the sources and as built: OpenTelemetry is loaded only with a collector, spans arrive,
 * also those of workers, and an unreachable collector does not delay the end of the process.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { buildProgram } from '../support/built-program.ts';
import { freePort } from '../support/free-port.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { sendRaw } from '../support/raw-client.ts';
import { type RunningCommand, runCommand } from '../support/running-command.ts';

/** Prints the name of every loaded OpenTelemetry module except the API, which `prom-client` needs. */
const watch = `
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    if (url.includes('@opentelemetry/') && !url.includes('@opentelemetry/api/')) writeSync(2, 'loaded ' + url + '\\n');
    return next(url, context);
  },
});
`;

let folder = '';
let gateway: RunningCommand | null = null;
let receiver: OtlpReceiver | null = null;

afterEach(async () => {
  gateway?.signal('SIGKILL');
  await gateway?.ended;
  await receiver?.close();
  receiver = null;
  rmSync(folder, { recursive: true, force: true });
});

async function start(
  program: string,
  tracing: string,
  workers = 1,
  authApi = '{ url: "http://127.0.0.1:1" }',
): Promise<number> {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-tracing-'));
  const port = await freePort();
  const config = join(folder, 'gateway.yaml');
  writeFileSync(join(folder, 'watch.mjs'), watch);
  writeFileSync(
    config,
    `version: 1
server: { listen: "127.0.0.1:${port}", admin: false, workers: ${workers} }
${tracing}
authApi: ${authApi}
upstreams: { gone: { targets: ["http://127.0.0.1:1"] } }
routes:
  - { id: open, match: { path: "/open" }, upstream: gone, access: public }
  - { id: closed, match: { path: "/closed" }, upstream: gone, access: authenticated }
`,
  );
  const hooks = ['--import', join(folder, 'watch.mjs')];
  gateway = runCommand(process.execPath, [...hooks, program, 'serve', '--config', config]);
  await gateway.see(/"msg":"started"/);
  return port;
}

const open = (port: number) => sendRaw(port, 'GET /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');

describe.each([
  ['the sources', () => 'src/main.ts'],
  ['the built program', () => buildProgram('tracing')],
])('%s', (_, program) => {
  test.each([
    ['without tracing', ''],
    ['with traces that are not exported', 'tracing: {}'],
  ])('load no OpenTelemetry module %s', { timeout: 60_000 }, async (_name, tracing) => {
    const port = await start(program(), tracing);
    expect((await open(port)).status).toBe(502);
    gateway?.signal('SIGTERM');
    expect(await gateway?.ended).toBe(0);
    expect(gateway?.output()).not.toContain('loaded ');
  });

  test('load it with a collector, and send pending spans at the end', { timeout: 60_000 }, async () => {
    receiver = await startOtlpReceiver();
    const port = await start(program(), `tracing: { endpoint: "${receiver.url}", sample: 1 }`);
    await open(port);
    gateway?.signal('SIGTERM');
    expect(await gateway?.ended).toBe(0);
    expect(gateway?.output()).toContain('loaded ');
    expect(receiver.spans.map(({ name }) => name).toSorted()).toEqual(['GET', 'GET /open', 'decide']);
  });
});

describe('the standalone Auth API', () => {
  async function startAuthApi(tracing: string): Promise<string> {
    folder = mkdtempSync(join(tmpdir(), 'rolegate-tracing-'));
    const config = join(folder, 'auth-api.yaml');
    writeFileSync(join(folder, 'watch.mjs'), watch);
    writeFileSync(config, `listen: "127.0.0.1:0"\ndatabase: ":memory:"\nsecret: ${'s'.repeat(40)}\n${tracing}\n`);
    const hooks = ['--import', join(folder, 'watch.mjs')];
    gateway = runCommand(process.execPath, [...hooks, 'src/main.ts', 'auth-api', '--config', config]);
    const [, port] = await gateway.see(/"listen":\{[^}]*"port":(\d+)\}/);
    return `http://127.0.0.1:${port}/api/auth/v2/session`;
  }

  test.each([
    ['without tracing', ''],
    ['with traces that are not exported', 'tracing: {}'],
  ])('loads no OpenTelemetry module %s', { timeout: 60_000 }, async (_name, tracing) => {
    expect((await fetch(await startAuthApi(tracing))).status).toBe(401);
    gateway?.signal('SIGTERM');
    expect(await gateway?.ended).toBe(0);
    expect(gateway?.output()).not.toContain('loaded ');
  });

  test('loads it with a collector, and sends pending spans at the end', { timeout: 60_000 }, async () => {
    receiver = await startOtlpReceiver();
    expect((await fetch(await startAuthApi(`tracing: { endpoint: "${receiver.url}", sample: 1 }`))).status).toBe(401);
    gateway?.signal('SIGTERM');
    expect(await gateway?.ended).toBe(0);
    expect(gateway?.output()).toContain('loaded ');
    expect(receiver.spans.map(({ name }) => name)).toEqual(['GET /api/auth/v2/session']);
  });
});

test('each worker sends its own spans', { timeout: 60_000 }, async () => {
  receiver = await startOtlpReceiver();
  const port = await start('src/main.ts', `tracing: { endpoint: "${receiver.url}", sample: 1 }`, 2);
  const requests = 40;
  for (let i = 0; i < requests; i += 1) await open(port);
  gateway?.signal('SIGTERM');
  expect(await gateway?.ended).toBe(0);
  expect(receiver.spans.filter(({ kind }) => kind === 'server')).toHaveLength(requests);
  expect(new Set(receiver.spans.map(({ resource }) => resource['service.instance.id'])).size).toBe(2);
});

test('with workers, the first process records the requests to an embedded Auth API', {
  timeout: 60_000,
}, async () => {
  receiver = await startOtlpReceiver();
  const authApi = `{ embedded: { database: ":memory:", secret: ${'s'.repeat(40)} } }`;
  const port = await start('src/main.ts', `tracing: { endpoint: "${receiver.url}", sample: 1 }`, 2, authApi);
  const head = `Host: a\r\nAuthorization: Bearer ${'b'.repeat(40)}\r\nConnection: close`;
  expect((await sendRaw(port, `GET /closed HTTP/1.1\r\n${head}\r\n\r\n`)).status).toBe(401);
  gateway?.signal('SIGTERM');
  expect(await gateway?.ended).toBe(0);
  const named = (name: string) => receiver?.spans.find((span) => span.name === name);
  const [request, source, checked] = ['GET /closed', 'GET', 'GET /api/auth/v2/session'].map(named);
  expect(checked).toMatchObject({ kind: 'server', traceId: request?.traceId, parentId: source?.spanId });
  expect(checked?.resource['service.instance.id']).not.toBe(request?.resource['service.instance.id']);
});

test('an unreachable collector does not delay the end of the process', { timeout: 60_000 }, async () => {
  const gone = await startOtlpReceiver();
  await gone.close();
  const port = await start('src/main.ts', `tracing: { endpoint: "${gone.url}", sample: 1, timeout: 60s }`);
  await open(port);
  gateway?.signal('SIGTERM');
  expect(await gateway?.ended).toBe(0);
});
