/**
 * A gateway on a socket that a service manager holds (`listen: fd:3`): across restarts, under load, no connection is refused. The socket
 * comes from `systemd-socket-activate`, whose program here restarts the gateway whenever it ends, as a systemd unit with `Restart=` does.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createConfigFolder } from '../support/config-folder.ts';
import { freePort } from '../support/free-port.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { type RunningCommand, runCommand, runRolegate } from '../support/running-command.ts';
import { skipHere } from '../support/skip-here.ts';

function requireSystemd(): void {
  if (spawnSync('systemd-socket-activate', ['--version']).error !== undefined)
    skipHere('no systemd-socket-activate (Debian: apt-get install systemd)');
}

const configOf = (listen: string, origin: string, workers: number) => `version: 1
server: { listen: "${listen}", admin: false, workers: ${workers}, drainDelay: 200ms }
authApi: { url: "http://127.0.0.1:9" }
upstreams: { service: { targets: ["${origin}"] } }
routes: [{ id: all, match: { path: "/**" }, access: public, upstream: service }]
`;

/** Runs the gateway again and again, with the socket if the shell has one. */
const again = `while :; do sh -c 'echo "program $$"; export LISTEN_PID=$$; exec "$0" bin/node.cjs src/main.ts serve --config "$1"' "$0" "$1"; done`;

interface Restarted {
  readonly port: number;
  readonly command: RunningCommand;
  /** Ends the running gateway, and resolves when another one has started. */
  restart(): Promise<void>;
}

/** `activated`: the socket stays open while the gateway does not run. */
async function start({ activated, workers }: { activated: boolean; workers: number }): Promise<Restarted> {
  const service = await startRecordingUpstream();
  const folder = createConfigFolder();
  const port = await freePort();
  const file = folder.write(
    'gateway.yaml',
    configOf(activated ? 'fd:3' : `127.0.0.1:${port}`, service.origin, workers),
  );
  const shell = ['sh', '-c', again, process.execPath, file];
  const [program = '', ...args] = activated ? ['systemd-socket-activate', '-l', `127.0.0.1:${port}`, ...shell] : shell;
  const command = runCommand(program, args, {}, { ownGroup: true });
  onTestFinished(async () => {
    command.signal('SIGKILL');
    await command.ended;
    folder.remove();
    await service.close();
  });
  const startedTimes = (count: number) => command.see(new RegExp(`(?:"msg":"started"[^]*){${count}}`));
  // The first connection starts the program, and waits for it.
  if (activated) {
    await command.see(/Listening on/);
    expect(await get(port)).toBe('200');
  }
  await startedTimes(1);
  let starts = 1;
  return {
    port,
    command,
    async restart() {
      const pids = [...command.output().matchAll(/^program (\d+)$/gm)].map(([, pid]) => Number(pid));
      process.kill(pids.at(-1)!, 'SIGTERM');
      starts += 1;
      await startedTimes(starts);
    },
  };
}

/** The status, or the code of the error. A connection of its own. */
async function get(port: number): Promise<string> {
  try {
    const sent = request({ port, host: '127.0.0.1', agent: false }).end();
    const [response] = await once(sent, 'response');
    response.resume();
    await once(response, 'end');
    return String(response.statusCode);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

type Outcomes = Readonly<Record<string, number>>;

/** Opens connections all the time, eight at once, until `during` has resolved. Resolves with the number of each outcome. */
async function outcomesWhile(port: number, during: (outcomes: Outcomes) => Promise<void>): Promise<Outcomes> {
  const outcomes: Record<string, number> = {};
  let over = false;
  const client = async () => {
    while (!over) {
      const outcome = await get(port);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  };
  const clients = Array.from({ length: 8 }, client);
  await during(outcomes);
  over = true;
  await Promise.all(clients);
  return outcomes;
}

test.each([1, 2])('%i worker(s): restarts under load refuse and lose no connection', async (workers) => {
  requireSystemd();
  const { port, restart } = await start({ activated: true, workers });
  // A slow machine needs more than two restarts for as many connections.
  const outcomes = await outcomesWhile(port, async (seen) => {
    for (let n = 0; n < 2 || (seen['200'] ?? 0) <= 100; n += 1) await restart();
  });
  expect(Object.keys(outcomes)).toEqual(['200']);
  expect(outcomes['200']).toBeGreaterThan(100);
});

test('control: without such a socket, a restart refuses connections', async () => {
  const { port, restart } = await start({ activated: false, workers: 1 });
  expect(await outcomesWhile(port, restart)).toHaveProperty('ECONNREFUSED');
});

test('a descriptor that is no socket is one line that names the setting', async () => {
  const folder = createConfigFolder();
  onTestFinished(() => folder.remove());
  for (const workers of [1, 2]) {
    const file = folder.write('gateway.yaml', configOf('fd:9', 'http://127.0.0.1:9', workers));
    const command = runRolegate(['serve', '--config', file]);
    expect(await command.ended).not.toBe(0);
    expect(command.output()).toContain('rolegate: descriptor 9 is not a listening socket');
    expect(command.output()).toContain('change server.listen (now "fd:9")');
  }
});
