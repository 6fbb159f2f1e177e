/**
 * A limit of open files that is too small: the start says so, and a flood of clients leaves descriptors for the admin port and for services.
 */
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { useFolderAndService, writeGatewayFile } from '../../support/folder-and-service.ts';
import { runCommand } from '../../support/running-command.ts';

const limit = 256;

const world = useFolderAndService();

async function flood(port: number, count: number): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => connect({ port, host: '127.0.0.1' }).on('error', () => {}));
  await Promise.all(sockets.map((socket) => new Promise((done) => socket.once('connect', done).once('close', done))));
  return sockets;
}

function serve(file: string) {
  const command = [process.execPath, 'src/main.ts', 'serve', '--config', file];
  return runCommand('sh', ['-c', `ulimit -n ${limit} && exec "$@"`, 'sh', ...command]);
}

const statusOf = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(10_000) })).status;

test('a flood of connections to the addresses for checks leaves the admin port reachable', async () => {
  const file = world.folder.write(
    'authorizer.yaml',
    `version: 1
server: { listen: false, admin: "127.0.0.1:0" }
authorizer: { listen: "127.0.0.1:0", dialects: { nginx: /check }, grpc: { listen: "127.0.0.1:0" } }
authApi: { url: "http://127.0.0.1:9" }
routes: [{ id: it, match: { path: "/**" }, access: public }]
`,
  );
  const command = serve(file);
  const [, line] = await command.see(/^(\{.*"msg":"started"\})$/m);
  const { authorizer, admin } = JSON.parse(line!);
  const [, warning] = await command.see(/^(\{.*the limit of open files is too small.*\})$/m);
  expect(JSON.parse(warning!).connections).toBeLessThan(limit / 2);
  const sockets = [...(await flood(authorizer.http.port, 400)), ...(await flood(authorizer.grpc.port, 400))];
  try {
    expect(await statusOf(`http://127.0.0.1:${admin.port}/health/live`)).toBe(200);
  } finally {
    for (const socket of sockets) socket.destroy();
    command.signal('SIGINT');
  }
  expect(await command.ended).toBe(0);
  expect(command.output()).not.toContain('EMFILE');
}, 60_000);

test('the start reports it, and a flood of connections leaves the admin port and services reachable', async () => {
  const command = serve(writeGatewayFile(world));
  const [, line] = await command.see(/^(\{.*"msg":"started"\})$/m);
  const { listen, admin } = JSON.parse(line!);
  const [, warning] = await command.see(/^(\{.*the limit of open files is too small.*\})$/m);
  const { needed, connections } = JSON.parse(warning!);
  expect(needed).toBeGreaterThan(10_000);
  expect(connections).toBeLessThan(limit / 2);

  const kept = connect({ port: listen.port, host: '127.0.0.1' });
  await new Promise((done) => kept.once('connect', done));
  const sockets = await flood(listen.port, 600);
  try {
    // The limit of this port is reached.
    await expect(statusOf(`http://127.0.0.1:${listen.port}/a`)).rejects.toThrow();
    expect(await statusOf(`http://127.0.0.1:${admin.port}/health/live`)).toBe(200);
    const metrics = await (await fetch(`http://127.0.0.1:${admin.port}/metrics`)).text();
    expect(metrics).toMatch(/^rolegate_connections_refused_total\{limit="total"\} [1-9]/m);
    kept.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
    const [answer] = await new Promise<Buffer[]>((done) => kept.once('data', (bytes: Buffer) => done([bytes])));
    expect(String(answer)).toContain('HTTP/1.1 200');
  } finally {
    for (const socket of [kept, ...sockets]) socket.destroy();
    command.signal('SIGINT');
  }
  expect(await command.ended).toBe(0);
  expect(command.output()).not.toContain('EMFILE');
}, 60_000);
