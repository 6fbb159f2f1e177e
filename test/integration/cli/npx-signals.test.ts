/**
 * Everything started by npx ends with it: a signal that ends npx reaches the shell between npx and the program, and no
 * further. The shell in these tests stands for that one.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createConfigFolder } from '../../support/config-folder.ts';
import { findOldNode, machineEnvironment } from '../../support/machine-environment.ts';
import { runCommand } from '../../support/running-command.ts';
import { skipHere } from '../../support/skip-here.ts';

const oldNode = () => findOldNode() ?? skipHere('no Node older than 26 on the PATH');

async function serveBelowShell(program: string, env: NodeJS.ProcessEnv, service = 'http://127.0.0.1:9') {
  const folder = createConfigFolder();
  onTestFinished(folder.remove);
  const file = folder.write(
    'gateway.yaml',
    `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["${service}"] } }
routes:
  - { id: open, match: { path: "/open" }, upstream: service, access: public }
`,
  );
  const line = `"${program}" bin/node.cjs src/main.ts serve --config "${file}"; exit $?`;
  const shell = runCommand('sh', ['-c', line], { ...machineEnvironment, ...env }, { ownGroup: true });
  onTestFinished(() => shell.signal('SIGKILL'));
  const [, port] = await shell.see(/"listen":\{"host":"127.0.0.1","port":(\d+)/);
  const status = async (path = '/none') => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  return { shell, status };
}

test.each([
  ['the program', () => process.execPath],
  ['the launcher on an old Node', oldNode],
])('%s ends with the shell between npx and it', async (_name, program) => {
  const { shell, status } = await serveBelowShell(program(), { npm_lifecycle_event: 'npx' });
  expect(await status()).toBe(404);
  process.kill(shell.pid, 'SIGKILL');
  // Its output is open as long as one of the processes runs.
  await shell.ended;
  await expect(status()).rejects.toThrow();
});

test.each([
  ['the program', () => process.execPath],
  ['the launcher on an old Node', oldNode],
])(
  'a signal to the whole group drains %s, although its shell is gone: the two are one signal',
  async (_name, program) => {
    const asked = Promise.withResolvers<void>();
    // Longer than the program takes to see that its shell is gone.
    const service = createServer((_request, response) => {
      asked.resolve();
      setTimeout(() => response.end('late'), 1_500);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void service.close());
    await once(service, 'listening');
    const { port } = service.address() as AddressInfo;
    const below = await serveBelowShell(program(), { npm_lifecycle_event: 'npx' }, `http://127.0.0.1:${port}`);
    const status = below.status('/open');
    await asked.promise;
    process.kill(-below.shell.pid, 'SIGTERM');
    expect(await status).toBe(200);
    await below.shell.ended;
  },
);
