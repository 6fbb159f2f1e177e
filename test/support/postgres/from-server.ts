/** PostgreSQL from installed server programs, or installed with apt on Debian as root. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import { findPrograms } from './find-programs.ts';
import { type PostgresWay, postgresArguments, type RunningPostgres, untilAnswers } from './running-postgres.ts';

const run = promisify(execFile);
const installTimeoutMs = 300_000;
const stopTimeoutMs = 5_000;

export async function fromPrograms(): Promise<PostgresWay | null> {
  const folder = await findPrograms();
  // The server refuses to run as root; without another user it cannot be used.
  if (folder === null || serverUser() === null) return null;
  return { name: `the programs in ${folder}`, start: () => startServer(folder) };
}

/** Null if this is not Debian, not root, or the installation failed. */
export async function fromApt(): Promise<PostgresWay | null> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return null;
  // One installation at a time for all runs on this machine; later ones find it installed. Debian would create and
  // start an unwanted server.
  const lock = join(tmpdir(), 'rolegate-test-postgres-install.lock');
  const script = `ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || {
    apt-get update -qq && apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 postgresql-common &&
    echo 'create_main_cluster = false' >> /etc/postgresql-common/createcluster.conf &&
    apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 postgresql
  }`;
  try {
    await run('flock', ['-w', '240', lock, 'sh', '-c', script], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: installTimeoutMs,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch {
    return null;
  }
  const found = await fromPrograms();
  return found === null ? null : { ...found, name: 'postgresql installed with apt' };
}

/** Ids under which the server runs: empty for the current user. Null: this is root, and there is no other user. */
function serverUser(): { uid?: number; gid?: number } | null {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (option: string) => Number(execFileSync('id', [option, name], { encoding: 'utf8', stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // No such user.
    }
  }
  return null;
}

async function startServer(programs: string): Promise<RunningPostgres> {
  const user = serverUser() ?? {};
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-postgres-'));
  const password = randomUUID();
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined) {
    for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid);
  }
  const data = join(folder, 'data');
  const options = { ...user, cwd: folder, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', TZ: 'UTC' } };
  const making = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'];
  await run(join(programs, 'initdb'), [...making, '--no-sync'], options);
  const port = await freePort();
  const serving = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', ...postgresArguments];
  const child = spawn(join(programs, 'postgres'), serving, { ...options, stdio: 'ignore' });
  const killWithUs = () => child.kill('SIGQUIT');
  process.on('exit', killWithUs);
  const dispose = async () => {
    process.off('exit', killWithUs);
    await stop(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  try {
    await untilAnswers(url, () => child.exitCode === null && child.pid !== undefined);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { url, dispose };
}

/** SIGINT ends connections and the server properly, SIGQUIT at once. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGQUIT'), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
}
