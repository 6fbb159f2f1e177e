/**
 * The end of a gateway with default settings, behind a balancer that polls its readiness and uses kept-alive connections: SIGTERM fails no
 * request. SIGINT, by a person at a terminal, does not wait for balancers.
 */
import { Agent, request } from 'node:http';
import { expect, test } from 'vitest';
import { useFolderAndService, writeGatewayFile } from '../../support/folder-and-service.ts';
import { runRolegate } from '../../support/running-command.ts';

const connections = 20;
const pollMs = 500;

const world = useFolderAndService();

/** `more`: further settings of `server`. */
async function serve(more = '') {
  const file = writeGatewayFile(world, more);
  const command = runRolegate(['serve', '--config', file]);
  const [, line] = await command.see(/^(\{.*"msg":"started"\})$/m);
  const { listen, admin } = JSON.parse(line!);
  return { command, port: listen.port as number, admin: `http://127.0.0.1:${admin.port}` };
}

/** Requests on kept-alive connections, one after the other on each, until the next poll of readiness fails. */
async function balance(port: number, admin: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const ends = { responses: 0, closing: 0, failures: [] as string[] };
  let ready = true;
  const send = () =>
    new Promise<void>((resolve) => {
      const failed = (error: NodeJS.ErrnoException) => {
        ends.failures.push(`${error.code ?? error.message}`);
        resolve();
      };
      const sent = request({ port, host: '127.0.0.1', agent, path: '/a' }, (response) => {
        ends.responses += 1;
        if (response.statusCode !== 200) ends.failures.push(`status ${response.statusCode}`);
        if (response.headers.connection === 'close') ends.closing += 1;
        response.on('error', failed).on('end', resolve).resume();
      });
      sent.on('error', failed).end();
    });
  const poll = async () => {
    while (ready) {
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      ready = await fetch(`${admin}/health/ready`).then(
        ({ status }) => status === 200,
        () => false,
      );
    }
  };
  const client = async () => {
    while (ready) await send();
  };
  await Promise.all([poll(), ...Array.from({ length: connections }, client)]);
  agent.destroy();
  return ends;
}

test.each([
  ['one process', ''],
  ['workers', ', workers: 2'],
])(
  'SIGTERM fails no request of a balancer that polls readiness: %s',
  async (_, more) => {
    const { command, port, admin } = await serve(more);
    const balanced = balance(port, admin);
    await expect.poll(() => world.upstream.requests.length, { timeout: 20_000 }).toBeGreaterThan(connections);
    command.signal('SIGTERM');
    const { responses, closing, failures } = await balanced;
    expect(failures).toEqual([]);
    expect(responses).toBeGreaterThan(connections);
    expect(closing).toBeGreaterThanOrEqual(connections);
    expect(await command.ended).toBe(0);
    expect(command.output()).toContain('"drainDelayMs":2000');
  },
  60_000,
);

test('SIGINT does not wait for balancers', async () => {
  const { command } = await serve();
  command.signal('SIGINT');
  expect(await command.ended).toBe(0);
  expect(command.output()).not.toContain('drainDelayMs');
});

test('control: without a delay, requests fail at some of ten ends', async () => {
  const failures: unknown[] = [];
  for (let end = 0; end < 10 && failures.length === 0; end += 1) {
    const { command, port, admin } = await serve(', drainDelay: 0s');
    const balanced = balance(port, admin);
    const before = world.upstream.requests.length;
    await expect.poll(() => world.upstream.requests.length - before, { timeout: 20_000 }).toBeGreaterThan(connections);
    command.signal('SIGTERM');
    failures.push(...(await balanced).failures);
    expect(await command.ended).toBe(0);
  }
  expect(failures).not.toEqual([]);
}, 120_000);
