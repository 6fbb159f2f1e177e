/** The Auth API as a process of its own, by a configuration file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export async function startProcess(config: string): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, ['src/main.ts', 'auth-api', '--config', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    // Keeps reading its log, so the process never blocks on it.
    lines.on('line', (line) => {
      const port = /"port":(\d+)/.exec(line)?.[1];
      if (port !== undefined) resolve({ child, port: Number(port) });
    });
    child.once('exit', () => reject(new Error('the Auth API ended')));
  });
}
