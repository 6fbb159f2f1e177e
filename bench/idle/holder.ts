/**
 * Holds connections for the benchmark of idle and slow clients: idle ones that received one response and send nothing more, and
 * slow ones that occasionally send a byte, half of them in the headers, half in the body. Reopens connections that the gateway
 * closes. Several instances run, each with its own loopback addresses, so neither ports nor descriptors run out.
 */
import { connect, type Socket } from 'node:net';

export interface HolderJob {
  readonly port: number;
  readonly idle: number;
  readonly slow: number;
  /** The connections come from `127.<network>.0.x`. */
  readonly network: number;
  readonly bearer: string;
}

export interface HolderCounts {
  readonly idle: number;
  readonly slow: number;
  /** Connections that the gateway has closed, by their last status line if there was one. */
  readonly ended: Readonly<Record<string, number>>;
}

/** Connections opened per tick. More at once would overflow the accept queue and only measure its retries. */
const openedPerTick = 50;
const tickMs = 20;
const slowByteMs = 200;
const reopenMs = 100;

let job: HolderJob | null = null;
let opened = 0;
const held = { idle: new Set<Socket>(), slow: new Set<Socket>() };
const ended: Record<string, number> = {};

process.on('message', (message: HolderJob | 'count' | 'release') => {
  if (message === 'count') {
    const counts: HolderCounts = { idle: held.idle.size, slow: held.slow.size, ended };
    process.send?.(counts);
  } else if (message === 'release') {
    job = null;
    for (const socket of [...held.idle, ...held.slow]) socket.destroy();
  } else {
    job = message;
    void open('idle', message.idle);
    void open('slow', message.slow);
  }
});
process.on('disconnect', () => process.exit());

async function open(kind: 'idle' | 'slow', count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    if (i % openedPerTick === 0) await new Promise((resolve) => setTimeout(resolve, tickMs));
    if (job === null) return;
    hold(kind, job);
  }
}

function hold(kind: 'idle' | 'slow', { port, network, bearer }: HolderJob): void {
  opened += 1;
  const inBody = opened % 2 === 0;
  const localAddress = `127.${network}.0.${1 + (opened % 200)}`;
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  let dripping: NodeJS.Timeout | undefined;
  let last = '';
  socket.on('connect', () => {
    if (kind === 'idle') {
      socket.write(`GET /private/idle HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer ${bearer}\r\n\r\n`);
      return;
    }
    held.slow.add(socket);
    const headers = `Host: a.test\r\nAuthorization: Bearer ${bearer}\r\n`;
    socket.write(
      inBody
        ? `POST /private/slow HTTP/1.1\r\n${headers}Content-Length: 1000000\r\n\r\n`
        : `GET /private/slow HTTP/1.1\r\n${headers}X-Slow: `,
    );
    dripping = setInterval(() => socket.write('a'), slowByteMs);
  });
  socket.on('data', (chunk: Buffer) => {
    last = chunk.toString('latin1', 9, 12);
    if (kind === 'idle') held.idle.add(socket);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    clearInterval(dripping);
    held[kind].delete(socket);
    if (job === null) return;
    const how = `${kind}: ${last === '' ? 'closed' : last}`;
    ended[how] = (ended[how] ?? 0) + 1;
    setTimeout(() => {
      if (job !== null) hold(kind, job);
    }, reopenMs);
  });
}
