/**
 * A log that cannot be written stops no request, and shows in the metrics of a gateway and of a standalone Auth API.
 */
import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createConfigFolder } from '../../support/config-folder.ts';
import { freePort } from '../../support/free-port.ts';
import { skipHere } from '../../support/skip-here.ts';

const gatewayFile = (metrics: number) => `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:${metrics}" }
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["http://127.0.0.1:9"] } }
routes:
  - { id: open, match: { path: "/open" }, upstream: service, access: public }
`;
const authApiFile = (metrics: number) => `listen: "127.0.0.1:0"
metrics: "127.0.0.1:${metrics}"
database: ":memory:"
secret: "a secret of the Auth API, for these tests alone"
outbox: console
`;

async function startWith(command: 'serve' | 'auth-api', stdout: 'pipe' | number) {
  const [folder, port] = [createConfigFolder(), await freePort()];
  onTestFinished(folder.remove);
  const file = folder.write('file.yaml', command === 'serve' ? gatewayFile(port) : authApiFile(port));
  const stdio: StdioOptions = ['ignore', stdout, 'inherit'];
  const child = spawn(process.execPath, ['src/main.ts', command, '--config', file], { stdio });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  child.stdout?.destroy();
  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const sample = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await metrics())?.[1]);
  await vi.waitUntil(() => metrics().catch(() => null), { timeout: 20_000, interval: 100 });
  return sample;
}

/** Descriptor of a device, for the test. */
function open(device: string): number {
  if (!existsSync(device)) skipHere(`no ${device} on this system`);
  const descriptor = openSync(device, 'w');
  onTestFinished(() => closeSync(descriptor));
  return descriptor;
}

type Row = readonly [
  command: 'serve' | 'auth-api',
  where: string,
  stdout: () => 'pipe' | number,
  failing: 0 | 1,
  lost: boolean,
];
const rows = (command: 'serve' | 'auth-api'): Row[] => [
  // A full disk may have room later, so lines wait; a closed pipe does not come back.
  [command, 'a full disk', () => open('/dev/full'), 1, false],
  [command, 'a closed pipe', () => 'pipe', 1, true],
  [command, 'a log that can be written', () => open('/dev/null'), 0, false],
];

test.each([...rows('serve'), ...rows('auth-api')])('%s with %s', async (command, _where, stdout, failing, lost) => {
  const sample = await startWith(command, stdout());
  await vi.waitUntil(async () => (await sample('rolegate_log_failing')) === failing, { timeout: 10_000 });
  expect((await sample('rolegate_log_lines_dropped_total')) > 0).toBe(lost);
});
