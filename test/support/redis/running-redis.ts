/** The common interface of every Redis source: a running server that a test can stop, kill and freeze. */
import { connect } from 'node:net';

export interface RunningRedis {
  /** `redis://127.0.0.1:<port>`; the port stays the same when the server is stopped and started. */
  readonly url: string;
  /** Ends the server properly. Its data is lost: nothing is ever saved. */
  stop(): Promise<void>;
  /** Starts it again on the same port and waits until it responds. */
  start(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Freezes it: connections stay open and nothing responds. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends it, running or not, and removes every trace. */
  dispose(): Promise<void>;
}

/** A source of Redis that works on this machine. */
export interface RedisWay {
  /** For the line that reports where Redis comes from, such as `testcontainers redis:8-alpine`. */
  readonly name: string;
  start(): Promise<RunningRedis>;
}

/** Server arguments: nothing on disk, so a stopped server comes back empty. */
export const redisArguments = ['--save', '', '--appendonly', 'no', '--protected-mode', 'no'] as const;

/** Resolves when a Redis on the loopback port responds; rejects when it does not in time. */
export function untilAnswers(port: number): Promise<void> {
  return until(() => answers(port), `No Redis answered on port ${port}`);
}

/** Resolves when something accepts connections on the loopback port; rejects when nothing does in time. */
export function untilConnects(port: number): Promise<void> {
  return until(() => connects(port), `Nothing accepts connections on port ${port}`);
}

async function until(holds: () => Promise<boolean>, otherwise: string, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${otherwise} within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
    const settle = (connected: boolean) => {
      socket.destroy();
      resolve(connected);
    };
    socket.on('connect', () => settle(true));
    for (const event of ['error', 'timeout'] as const) socket.on(event, () => settle(false));
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (chunk) => settle(/^(?:\+PONG|-NOAUTH|-DENIED)/.test(chunk.toString())));
    for (const event of ['error', 'timeout', 'close'] as const) socket.on(event, () => settle(false));
  });
}
