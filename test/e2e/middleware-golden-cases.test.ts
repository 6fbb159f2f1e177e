/**
 * The golden cases through applications that use Rolegate from its tarball, one per framework: their handlers see what
 * a service behind the gateway would, and clients get the gateway's response.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FakeAuthApi } from '../support/fake-auth-api.ts';
import {
  type GoldenCase,
  type GoldenFile,
  inProcessText,
  linesOf,
  readGoldenFiles,
  userIdOf,
} from '../support/golden-cases.ts';
import { expectRefusal, prepareAuthApi, startGoldenAuthApi } from '../support/golden-worlds.ts';
import { type PackedConsumer, unpackForConsumer } from '../support/packed-consumer.ts';
import { type RawAnswer, sendRaw } from '../support/raw-client.ts';
import { runCommand } from '../support/running-command.ts';
import { middlewarePrograms } from './support/middleware-programs.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const goldenFiles = readGoldenFiles();
const configName = ({ file }: GoldenFile) => `case-${file}`;

let consumer: PackedConsumer;
const authApis = new Map<string, FakeAuthApi>();
beforeAll(async () => {
  consumer = await unpackForConsumer();
  for (const golden of goldenFiles) {
    const authApi = await startGoldenAuthApi(golden);
    authApis.set(golden.file, authApi);
    writeFileSync(join(consumer.folder, configName(golden)), inProcessText(golden, new URL(authApi.url).origin));
  }
  for (const [name, text] of Object.entries(middlewarePrograms))
    writeFileSync(join(consumer.folder, `${name}.ts`), text);
}, 120_000);
afterAll(async () => {
  await Promise.all([...authApis.values()].map((authApi) => authApi.close()));
  consumer?.remove();
});

test('the applications compile with the types of the package', async () => {
  const compilerOptions = {
    strict: true,
    target: 'es2024',
    module: 'nodenext',
    noEmit: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: ['node'],
  };
  const files = Object.keys(middlewarePrograms).map((name) => `${name}.ts`);
  writeFileSync(join(consumer.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const compile = runCommand(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc')],
    {},
    { cwd: consumer.folder },
  );
  expect(await compile.ended, compile.output()).toBe(0);
});

describe.each(Object.keys(middlewarePrograms))('%s', (name) => {
  let program: ChildProcessByStdio<Writable, Readable, null>;
  let ports: number[];
  let printed = '';
  beforeAll(async () => {
    const args = [`${name}.ts`, ...goldenFiles.map(configName)];
    program = spawn(process.execPath, args, { cwd: consumer.folder, stdio: ['pipe', 'pipe', 'inherit'] });
    program.stdout.setEncoding('utf8');
    for await (const [text] of eventsOf(program.stdout)) {
      printed += text;
      if (/^ports .*\n/m.test(printed)) break;
    }
    ports = /^ports (.*)$/m.exec(printed)![1]!.split(' ').map(Number);
    program.stdout.on('data', (text: string) => {
      printed += text;
    });
  }, 60_000);
  afterAll(() => void program?.kill('SIGKILL'));

  describe.each(goldenFiles.map((golden, index) => [golden.file, golden, index] as const))('%s', (_, golden, index) => {
    test.each(golden.cases.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
      const authApi = authApis.get(golden.file)!;
      await prepareAuthApi(authApi, golden, row);
      const before = authApi.calls.session + authApi.calls.keypair;
      const lines = linesOf(golden, row);
      const sent = sendRaw(ports[index]!, Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
      const title = `${golden.file}: ${row.name}`;
      if (title === closedByNode) {
        await expect(sent).rejects.toThrow('Closed');
        return;
      }
      const answer = await sent;
      const own = { express: withoutServer, hono: [refusedByHono] }[name] ?? [];
      // Node's parser accepts no byte beyond ASCII in a target.
      if ([...refusedByNode, ...own].includes(title) || /[\x80-\xff]/.test(lines[0]!))
        expect([answer.status, answer.header('x-seen')]).toEqual([400, undefined]);
      else if (row.expect.outcome === 'allow') expectSeen(row, answer);
      else if (row.expect.outcome === 'refuse') expectRefused(row, answer);
      else expectAnswered(row, answer);
      if (row.expect.asked !== undefined)
        expect(authApi.calls.session + authApi.calls.keypair - before).toBe(row.expect.asked ? 1 : 0);
    });
  });

  test('closes and lets its process exit', async () => {
    const ended = once(program, 'exit');
    program.stdin.end();
    expect(await ended).toEqual([0, null]);
    expect(printed).toMatch(/^closed$/m);
  });
});

async function* eventsOf(stream: Readable): AsyncGenerator<[string]> {
  for (;;) yield (await once(stream, 'data')) as [string];
}

/**
 * What Node itself refuses differently from the gateway: by closing the connection, without Rolegate's headers, or as
 * malformed.
 */
const refusedByNode: readonly string[] = [
  'absolute-form.yaml: refuses a missing Host',
  'framing.yaml: refuses gzip after chunked',
  'hosts.yaml: refuses a missing Host',
  'methods.yaml: refuses a listed method in lower case',
  'methods.yaml: refuses a lower-case method despite a rule for all others',
  'methods.yaml: refuses a method with one lower-case letter',
  'methods.yaml: refuses an unknown method in lower case',
  'methods.yaml: refuses an unknown method that is not listed',
  'paths-refused.yaml: no leading slash',
];
/** Node closes the connection if the application does not listen for `connect`; none of these does. */
const closedByNode = 'methods.yaml: refuses CONNECT';
/** A middleware alone does not protect the server, so Node itself refuses what its parser rejects. */
const withoutServer: readonly string[] = [
  'framing.yaml: refuses a repeated Transfer-Encoding',
  'framing.yaml: refuses a Content-Length with a sign',
  'framing.yaml: refuses an empty Content-Length',
  'framing.yaml: refuses a list in Content-Length',
  'framing.yaml: refuses a repeated Content-Length',
  'framing.yaml: refuses Content-Length beside Transfer-Encoding',
  'paths-refused.yaml: raw control character',
];
/** Hono's adapter needs a host for the URL. */
const refusedByHono = 'hosts.yaml: missing Host in HTTP/1.0';

function expectSeen(row: GoldenCase, answer: RawAnswer): void {
  expect([answer.status, answer.header('x-error')]).toEqual([200, undefined]);
  const seen = JSON.parse(Buffer.from(answer.header('x-seen')!, 'base64').toString('utf8')) as {
    readonly url: string;
    readonly rawHeaders: readonly string[];
    readonly grant: { readonly identity: { readonly userId: string } | null } | null;
  };
  const values = (wanted: string) =>
    seen.rawHeaders.filter((_, i, all) => i % 2 === 1 && all[i - 1]!.toLowerCase() === wanted);
  const { identity, upstream } = row.expect;
  expect(seen.grant).not.toBeNull();
  if (identity !== undefined) {
    expect(seen.grant!.identity?.userId ?? null).toBe(identity === null ? null : userIdOf(identity));
    expect(values('user-id')).toEqual(identity === null ? [] : [userIdOf(identity)]);
  }
  if (upstream?.path !== undefined) expect(seen.url).toBe(upstream.path);
  for (const [name, value] of Object.entries(upstream?.headers ?? {})) {
    // Hop-by-hop headers, which only the proxy sets.
    if (name === 'connection' || name === 'transfer-encoding') continue;
    expect([name, values(name).length === 0 ? null : values(name).join(' | ')]).toEqual([name, value]);
  }
  expectHeaders(row, answer);
}

function expectRefused(row: GoldenCase, answer: RawAnswer): void {
  const { reason, proxyReason, location } = row.expect;
  expectRefusal(row, answer, proxyReason ?? reason!);
  expect(answer.header('x-seen')).toBeUndefined();
  if (proxyReason !== undefined) return;
  expect(answer.header('location')).toBe(location);
  expectHeaders(row, answer);
}

function expectAnswered(row: GoldenCase, answer: RawAnswer): void {
  expect([answer.status, answer.header('x-error'), answer.header('x-seen')]).toEqual([200, undefined, undefined]);
  if (row.expect.outcome === 'metadata') expect(JSON.parse(answer.text())).toEqual(row.expect.body);
  else expect(answer.text()).toBe('');
  expectHeaders(row, answer);
}

function expectHeaders({ expect: { headers } }: GoldenCase, answer: RawAnswer): void {
  for (const [name, value] of Object.entries(headers ?? {})) {
    const values = answer.headers(name);
    expect([name, values.length === 0 ? null : values.join(' | ')]).toEqual([name, value]);
  }
}
