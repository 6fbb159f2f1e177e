/**
 * Everything started by npx ends with it: a signal that ends npx reaches the shell between npx and the program, and no
 * further. The shell in these tests stands for that one.
 */
import { expect, onTestFinished, test } from 'vitest';
import { createConfigFolder } from '../../support/config-folder.ts';
import { findOldNode, machineEnvironment } from '../../support/machine-environment.ts';
import { runCommand } from '../../support/running-command.ts';
import { skipHere } from '../../support/skip-here.ts';

const oldNode = () => findOldNode() ?? skipHere('no Node older than 26 on the PATH');

async function serveBelowShell(program: string, env: NodeJS.ProcessEnv) {
  const folder = createConfigFolder();
  onTestFinished(folder.remove);
  const file = folder.write(
    'gateway.yaml',
    `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["http://127.0.0.1:9"] } }
routes:
  - { id: open, match: { path: "/open" }, upstream: service, access: public }
`,
  );
  const line = `"${program}" bin/node.cjs src/main.ts serve --config "${file}"; exit $?`;
  const shell = runCommand('sh', ['-c', line], { ...machineEnvironment, ...env }, { ownGroup: true });
  onTestFinished(() => shell.signal('SIGKILL'));
  const [, port] = await shell.see(/"listen":\{"host":"127.0.0.1","port":(\d+)/);
  return { shell, status: async () => (await fetch(`http://127.0.0.1:${port}/none`)).status };
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
