/** How the faults of an installation are produced. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, type Validity } from '../../support/certificates.ts';

export interface Remedy {
  /** Repeated until the alerts fire. */
  readonly again?: () => unknown;
  readonly undo: () => unknown;
}

export function changed<State extends object>(state: State, change: Partial<State>): Remedy {
  const before = { ...state };
  Object.assign(state, change);
  return { undo: () => void Object.assign(state, before) };
}

/** Open connections, each of which sends `request` repeatedly. `missing`: how many to open, given the number of open ones. */
export function held(port: number, missing: (open: number) => number, request = ''): Remedy {
  const open = new Set<Socket>();
  const again = () => {
    for (const socket of open) socket.write(request);
    for (let count = missing(open.size); count > 0; count -= 1) {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.on('error', () => {}).on('close', () => open.delete(socket));
      // Unread, it would not notice that the gateway closes it.
      socket.resume();
      open.add(socket);
    }
  };
  const undo = () => {
    for (const socket of open) socket.destroy();
  };
  return { again, undo };
}

/** Requests for a missing page, as fast as they are refused. */
export function flooded(port: number): Remedy {
  const requests = 'GET /missing HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(100);
  const open = new Set<Socket>();
  let over = false;
  const flood = () => {
    const socket = connect({ port, host: '127.0.0.1' });
    const send = () => {
      while (!over && socket.writable && socket.write(requests));
    };
    open.add(socket);
    socket.on('connect', send).on('drain', send).resume();
    socket
      .on('error', () => {})
      .on('close', () => {
        open.delete(socket);
        // A connection has a maximum number of requests.
        if (!over) flood();
      });
  };
  for (let count = 0; count < 8; count += 1) flood();
  const undo = () => {
    over = true;
    for (const socket of open) socket.destroy();
  };
  return { undo };
}

/**
 * Lets a process run for short moments, as a container's CPU limit does: too short for its clock to be right. `find`: the process, which may
 * be replaced meanwhile.
 */
export function starved(find: () => number | undefined): Remedy {
  const [stoppedMs, runningMs] = [400, 60];
  let pid: number | undefined;
  let timer: NodeJS.Timeout;
  const send = (signal: 'SIGSTOP' | 'SIGCONT') => {
    try {
      if (pid !== undefined) process.kill(pid, signal);
    } catch {
      // It has ended.
    }
  };
  const stop = () => {
    pid = find();
    send('SIGSTOP');
    timer = setTimeout(run, stoppedMs);
  };
  const run = () => {
    send('SIGCONT');
    timer = setTimeout(stop, runningMs);
  };
  stop();
  const undo = () => {
    clearTimeout(timer);
    send('SIGCONT');
  };
  return { undo };
}

/** Processes started by a gateway. */
export function workersOf(pid: number): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      return Number(parent) === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** Guesses of one client, more than may fail in a window. */
export async function guess(port: number): Promise<void> {
  await inParts(10, (number) =>
    request(`http://127.0.0.1:${port}/orders/1`, {
      'x-forwarded-for': '203.0.113.77',
      authorization: `Bearer guess-${number}`,
    }),
  );
}

/** Requests whose log lines are as long as a client can make them. */
export async function writeLongLines(port: number): Promise<void> {
  const path = 'a'.repeat(1_024);
  await inParts(40, () => request(`http://127.0.0.1:${port}/${path}`, { 'user-agent': '\xff'.repeat(256) }));
}

/** 20 at a time. */
async function inParts(parts: number, one: (number: number) => Promise<unknown>): Promise<void> {
  for (let part = 0; part < parts; part += 1)
    await Promise.all(Array.from({ length: 20 }, (_, index) => one(20 * part + index)));
}

export async function request(url: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  await (await fetch(url, { headers })).arrayBuffer();
}

export async function post(url: string, body: object, bearer?: string): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
  };
  await (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).arrayBuffer();
}

/** Returns the key `tls` of a listener as YAML. */
export function writeCertificate(days: Validity): { readonly tls: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-certificate-'));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const { cert, key } = createAuthority().issue({ hosts: ['a.test'], days });
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  return {
    tls: `{ certificates: [{ cert: "${certFile}", key: "${keyFile}" }] }`,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
