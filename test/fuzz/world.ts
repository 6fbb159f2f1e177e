/** What the fuzz runs against: the gateway as a process of its own, and two services that read leniently in two ways. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type FooledUpstream, startFooledUpstream } from '../security/support/fooled-upstream.ts';
import { guardedHost, known } from '../security/support/sloppy-service.ts';
import { startFakeAuthApi } from '../support/fake-auth-api.ts';
import { freePort } from '../support/free-port.ts';

export interface FuzzWorld {
  readonly port: number;
  readonly pid: number;
  readonly upstreams: readonly FooledUpstream[];
  /** How the process ended; null while it runs. */
  ended(): string | null;
  /** Lines of its log that tell of a fault of its own. */
  faults(): string[];
  /** Ends the process as an operator would; the exit code. */
  stop(): Promise<number | null>;
}

export async function startFuzzWorld(): Promise<FuzzWorld> {
  const authApi = await startFakeAuthApi();
  authApi.addSession(known.user.token, { userId: known.user.id, roles: ['user'] });
  authApi.addKeyPair(known.user.key, known.user.secret, { userId: known.user.id, roles: ['user'] });
  const upstreams = [
    await startFooledUpstream({ answersBy: 'length-first' }),
    await startFooledUpstream({ answersBy: 'chunked-first' }),
  ];
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-fuzz-'));
  const [config, log] = [join(folder, 'gateway.yaml'), join(folder, 'log')];
  writeFileSync(config, configText(port, authApi.port, upstreams));
  const output = openSync(log, 'a');
  const child = spawn(process.execPath, ['src/main.ts', 'serve', '--config', config], {
    stdio: ['ignore', output, output],
    cwd: join(import.meta.dirname, '../..'),
  });
  closeSync(output);
  await untilListening(port, child, log);
  return {
    port,
    pid: child.pid ?? 0,
    upstreams,
    ended: () =>
      child.exitCode === null && child.signalCode === null ? null : `${child.exitCode ?? child.signalCode}`,
    faults: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => /"reason":"internal_error"|"level":"fatal"|^\s+at |Error:/.test(line)),
    async stop() {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await Promise.race([once(child, 'exit'), setTimeout(30_000, null, { ref: false })]);
        child.kill('SIGKILL');
      }
      for (const upstream of upstreams) await upstream.close();
      await authApi.close();
      rmSync(folder, { recursive: true, force: true });
      return child.exitCode;
    },
  };
}

function configText(port: number, authApiPort: number, [a, b]: readonly FooledUpstream[]): string {
  return `version: 1
server: { listen: "127.0.0.1:${port}", admin: false, drainTimeout: 2s }
authApi: { url: "http://127.0.0.1:${authApiPort}" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams:
  a: { targets: ["${a?.origin}"] }
  b: { targets: ["${b?.origin}"] }
routes:
  - { id: a, match: { path: "/a/**" }, upstream: a, access: public }
  - { id: b, match: { path: "/b/**" }, upstream: b, access: public, websocket: true }
  - { id: private, match: { path: "/private/**" }, upstream: b, access: authenticated, websocket: true }
  - { id: admin, match: { path: "/admin/**" }, upstream: a, access: [admin], websocket: true }
  - { id: items, match: { path: "/items/**" }, upstream: b, access: { "GET,POST,PUT": public, DELETE: [admin] } }
  - { id: secret, match: { host: ${guardedHost}, path: "/**" }, upstream: a, access: [admin] }
  - { id: rest, match: { path: "/**" }, upstream: b, access: public, websocket: true }
`;
}

async function untilListening(port: number, child: ChildProcess, log: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`The gateway ended: ${readFileSync(log, 'utf8').slice(0, 2000)}`);
    const socket = connect({ port, host: '127.0.0.1' });
    const accepted = await new Promise<boolean>((resolve) => {
      socket.on('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    socket.destroy();
    if (accepted) return;
    await setTimeout(50);
  }
  throw new Error('The gateway does not listen');
}
