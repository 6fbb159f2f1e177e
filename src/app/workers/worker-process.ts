/** One worker as its supervisor has it: started, asked, watched whether it still answers, ended. */
import { type ChildProcess, fork } from 'node:child_process';
import type { z } from 'zod';
import type { Delivery } from '../../identity/revocation/revocation-announcer.ts';
import type { Revocation } from '../../identity/revocation/tombstones.ts';
import { Channel, ChannelClosedError } from './channel.ts';
import { WholeLines } from './whole-lines.ts';
import { done, news, type order, type Question, workerQuestion } from './worker-messages.ts';

export interface WorkerProcessOptions {
  /** The program, which is given `worker` as its argument. */
  readonly program: string;
  /** Whole lines that it printed. */
  readonly lines: (text: string) => void;
  /** It revoked something: all others are to be told. */
  readonly revoked: (revocation: Revocation, from: WorkerProcess) => Promise<Delivery>;
  readonly news: (said: z.infer<typeof news>, from: WorkerProcess) => void;
  /** It was killed, and why. */
  readonly killed: (why: string, cause: unknown) => void;
}

/** How often a worker is asked whether it answers, and how often it may not in a row. */
const pingMs = 1_000;
const mostUnanswered = 10;

export class WorkerProcess {
  readonly pid: number;
  /** Resolves once it is gone, and everything that it printed was handed on. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  readonly #channel: Channel;
  readonly #killed: WorkerProcessOptions['killed'];
  readonly #pinging: NodeJS.Timeout;
  #unanswered = 0;
  #over = false;

  constructor(options: WorkerProcessOptions) {
    const child = fork(options.program, ['worker'], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      // Only one process can have the port of an inspector.
      execArgv: process.execArgv.filter((flag) => !flag.startsWith('--inspect')),
    });
    this.#child = child;
    this.#killed = options.killed;
    this.pid = child.pid ?? 0;
    this.#channel = new Channel({
      send: (message) => child.connected && child.send(message, () => {}),
      answer: async (body) => {
        const { revocation } = workerQuestion.parse(body);
        return { delivery: await options.revoked(revocation, this) };
      },
      hear: (body) => {
        const read = news.safeParse(body);
        if (read.success) options.news(read.data, this);
        return read.success;
      },
      broken: (cause) => this.kill('it says what nobody understands', cause),
    });
    child.on('message', (message) => this.#channel.take(message));
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
        // It could not be started at all; other failures end in `close`.
        if (child.pid === undefined) end(error.message);
      });
      child.once('close', (code, signal) => end(signal ?? `exit code ${code}`));
    });
    this.#pinging = setInterval(() => this.#ping(), pingMs).unref();
  }

  /**
   * Rejects with `ChannelClosedError` when it ends before it answers. One that does not answer within `waitMs` (null: any
   * time will do), or not in `form`, is killed: then it does nothing any more by what it was not told.
   */
  async ask<T>(question: Question, form: z.ZodType<T>, waitMs: number | null): Promise<T> {
    const late = () => this.kill(`it does not answer: ${question.do}`);
    const timer = waitMs === null ? undefined : setTimeout(late, waitMs);
    try {
      const read = form.safeParse(await this.#channel.ask(question));
      if (read.success) return read.data;
      this.kill(`it answers what nobody understands: ${question.do}`, read.error);
      throw new ChannelClosedError();
    } finally {
      clearTimeout(timer);
    }
  }

  drain(): void {
    const told: z.infer<typeof order> = { do: 'drain' };
    this.#channel.tell(told);
  }

  kill(why: string, cause?: unknown): void {
    if (this.#over || this.#child.killed) return;
    this.#killed(why, cause);
    this.#child.kill('SIGKILL');
  }

  /** For the very end, without a word. */
  killNow(): void {
    if (!this.#over) this.#child.kill('SIGKILL');
  }

  #ping(): void {
    if (this.#unanswered >= mostUnanswered) {
      this.kill('it does not answer');
      return;
    }
    this.#unanswered += 1;
    if (this.#unanswered > 1) return;
    const answered = () => {
      this.#unanswered = 0;
    };
    this.#channel.ask({ do: 'ping' }).then((answer) => {
      if (done.safeParse(answer).success) answered();
    }, answered);
  }
}
