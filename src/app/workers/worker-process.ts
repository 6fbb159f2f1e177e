/** One worker, as its supervisor manages it: starts it, sends commands, checks that it responds, ends it. */
import { type ChildProcess, fork } from 'node:child_process';
import type { z } from 'zod';
import type { Delivery } from '../../identity/revocation/revocation-announcer.ts';
import type { Revocation } from '../../identity/revocation/tombstones.ts';
import { Channel, ChannelClosedError } from './channel.ts';
import { WholeLines } from './whole-lines.ts';
import { announcement, type Command, done, type endNotice, recordNotice } from './worker-messages.ts';

export interface WorkerProcessOptions {
  /** The program, which receives `worker` as its argument. */
  readonly program: string;
  /** Descriptors of inherited sockets, which the worker also has. */
  readonly sockets: readonly number[];
  /** Whole lines that it printed. */
  readonly lines: (text: string) => void;
  /** It revoked something, which must be announced to all others. */
  readonly revoked: (revocation: Revocation, from: WorkerProcess) => Promise<Delivery>;
  readonly recorded: (notice: z.infer<typeof recordNotice>, from: WorkerProcess) => void;
  /** It was killed, and why. */
  readonly killed: (why: string, cause: unknown) => void;
}

/** How often a worker is pinged, and how many responses in a row may be missing once it has loaded. */
const pingMs = 1_000;
const maxMissing = 10;

export class WorkerProcess {
  readonly pid: number;
  /** Resolves once it is gone and all its output was forwarded. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  readonly #channel: Channel;
  readonly #killed: WorkerProcessOptions['killed'];
  readonly #pinging: NodeJS.Timeout;
  #missing = 0;
  #loaded = false;
  #over = false;

  constructor(options: WorkerProcessOptions) {
    const child = fork(options.program, ['worker'], {
      stdio: ['ignore', 'pipe', 'inherit', ...inherited(options.sockets), 'ipc'],
      // Only one process can have the port of an inspector.
      execArgv: process.execArgv.filter((flag) => !flag.startsWith('--inspect')),
    });
    this.#child = child;
    this.#killed = options.killed;
    this.pid = child.pid ?? 0;
    this.#channel = new Channel({
      send: (message) => child.connected && child.send(message, () => {}),
      respond: async (body) => {
        const { revocation } = announcement.parse(body);
        return { delivery: await options.revoked(revocation, this) };
      },
      notice: (body) => {
        const read = recordNotice.safeParse(body);
        if (read.success) options.recorded(read.data, this);
        return read.success;
      },
      broken: (cause) => this.kill('its message cannot be read', cause),
    });
    child.on('message', (message) => {
      this.#loaded = true;
      this.#channel.receive(message);
    });
    const lines = new WholeLines(options.lines);
    child.stdout?.on('data', (chunk: Buffer) => lines.take(chunk));
    child.stdout?.once('close', () => lines.end());
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        this.#over = true;
        clearInterval(this.#pinging);
        this.#channel.close();
        resolve(how);
      };
      child.once('error', (error) => {
        // It could not be started; other failures end in `close`.
        if (child.pid === undefined) end(error.message);
      });
      child.once('close', (code, signal) => end(signal ?? `exit code ${code}`));
    });
    this.#pinging = setInterval(() => this.#ping(), pingMs).unref();
  }

  /**
   * Rejects with `ChannelClosedError` if it ends before its response. A worker that does not respond within `waitMs` (null: no limit), or
   * not in `form`, is killed, so that it never acts on an old state.
   */
  async request<T>(command: Command, form: z.ZodType<T>, waitMs: number | null): Promise<T> {
    const late = () => this.kill(`it does not respond: ${command.do}`);
    const timer = waitMs === null ? undefined : setTimeout(late, waitMs);
    try {
      const read = form.safeParse(await this.#channel.request(command));
      if (read.success) return read.data;
      this.kill(`its response cannot be read: ${command.do}`, read.error);
      throw new ChannelClosedError();
    } finally {
      clearTimeout(timer);
    }
  }

  announceEnd(): void {
    this.#notify({ do: 'announceEnd' });
  }

  drain(): void {
    this.#notify({ do: 'drain' });
  }

  #notify(notice: z.infer<typeof endNotice>): void {
    this.#channel.notify(notice);
  }

  kill(why: string, cause?: unknown): void {
    if (this.#over || this.#child.killed) return;
    this.#killed(why, cause);
    this.#child.kill('SIGKILL');
  }

  /** For the end, without a log line. */
  killNow(): void {
    if (!this.#over) this.#child.kill('SIGKILL');
  }

  #ping(): void {
    // The caller limits the time to load.
    if (!this.#loaded) return;
    if (this.#missing >= maxMissing) {
      this.kill('it does not respond');
      return;
    }
    this.#missing += 1;
    if (this.#missing > 1) return;
    const alive = () => {
      this.#missing = 0;
    };
    this.#channel.request({ do: 'ping' }).then((response) => {
      if (done.safeParse(response).success) alive();
    }, alive);
  }
}

/** Each socket in its place, and nothing in the others. */
function inherited(sockets: readonly number[]): (number | 'ignore')[] {
  const length = Math.max(3, ...sockets.map((socket) => socket + 1)) - 3;
  return Array.from({ length }, (_, index) => (sockets.includes(index + 3) ? index + 3 : 'ignore'));
}
