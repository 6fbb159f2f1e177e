/**
 * The load client, in a separate process: raw sockets, one request at a time on each, and a parser that checks only status and
 * length. Receives jobs over the channel to its parent, one after the other.
 */
import { connect, type Socket } from 'node:net';
import { cpuTimeUs } from './cpu-time.ts';
import type { LoadAnswer, LoadJob, LoadResult, Sample } from './load.ts';
import { Pace } from './pace.ts';

let serial = 0;

process.on('message', (job: LoadJob) => {
  new Load(job).run().then(
    (result) => report({ ok: true, result }),
    (error: unknown) => report({ ok: false, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());

function report(answer: LoadAnswer): void {
  process.send?.(answer);
}

class Load {
  readonly #job: LoadJob;
  /** Null if every request differs. */
  readonly #constant: Buffer | null;
  readonly #sockets = new Set<Socket>();
  readonly #latenciesMs: number[] = [];
  #fail: (error: Error) => void = () => {};
  readonly #pace: Pace | null;
  readonly #draw: () => number;
  #running = true;
  #measuring = false;
  #done = 0;
  #sent = 0;

  constructor(job: LoadJob) {
    this.#job = job;
    this.#constant =
      job.cycle !== undefined || /\{[nrt]\}/.test(job.request) ? null : Buffer.from(job.request, 'latin1');
    this.#pace = job.rate === undefined ? null : new Pace(job.rate);
    const { numbers } = job;
    this.#draw = numbers === undefined ? () => ++serial : () => below(numbers);
  }

  async run(): Promise<LoadResult> {
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    try {
      return await Promise.race([this.#measure(), failed]);
    } finally {
      this.#running = false;
      this.#pace?.stop();
      for (const socket of this.#sockets) socket.destroy();
    }
  }

  async #measure(): Promise<LoadResult> {
    for (let index = 0; index < this.#job.connections; index += 1) this.#open();
    await after(this.#job.warmupMs);
    // On a busy machine the first response may take longer.
    for (let tries = 0; this.#done === 0 && tries < 50; tries += 1) await after(100);
    if (this.#done === 0) throw new Error('no response during the warm-up');
    this.#done = 0;
    this.#measuring = true;
    const cpuStart = this.#cpuUs();
    const start = performance.now();
    await after(this.#job.measureMs);
    const cpuUs = this.#cpuUs() - cpuStart;
    const seconds = (performance.now() - start) / 1000;
    this.#measuring = false;
    const sorted = Float64Array.from(this.#latenciesMs).sort();
    const quantile = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
    return { requests: this.#done, seconds, cpuUs, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
  }

  #cpuUs(): number {
    return this.#job.pids.reduce((sum, pid) => sum + cpuTimeUs(pid), 0);
  }

  #next(): Sample {
    const { cycle, routes = 1 } = this.#job;
    const { request, status } = cycle === undefined ? this.#job : cycle[this.#sent % cycle.length]!;
    this.#sent += 1;
    return {
      status,
      request: request
        .replaceAll('{n}', digits(this.#draw()))
        .replaceAll('{r}', digits(below(routes)))
        .replaceAll('{t}', String(this.#sent).padStart(32, '0')),
    };
  }

  #open(): void {
    const socket = connect({ port: this.#job.port, host: '127.0.0.1', noDelay: true });
    this.#sockets.add(socket);
    let sentAt = 0;
    let expected = this.#job.status;
    let pending: Buffer | null = null;
    const send = (dueAt = performance.now()) => {
      sentAt = dueAt;
      if (this.#constant !== null) {
        socket.write(this.#constant);
        return;
      }
      const { request, status } = this.#next();
      expected = status;
      socket.write(request, 'latin1');
    };
    const next = this.#pace === null ? () => send() : () => this.#pace?.whenDue(send);
    socket.on('connect', next);
    socket.on('data', (chunk: Buffer) => {
      const bytes: Buffer = pending === null ? chunk : Buffer.concat([pending, chunk]);
      if (!isWhole(bytes)) {
        pending = bytes;
        return;
      }
      pending = null;
      const status = statusOf(bytes);
      if (status !== expected) this.#fail(new Error(`status ${status} instead of ${expected}`));
      this.#done += 1;
      if (this.#measuring) this.#latenciesMs.push(performance.now() - sentAt);
      if (this.#running && this.#job.reconnects === true) this.#reopen(socket);
      else if (this.#running) next();
    });
    socket.on('error', (error) => {
      if (this.#running) this.#fail(error);
    });
    socket.on('close', () => {
      if (this.#sockets.delete(socket) && this.#running) this.#fail(new Error('the server closed a connection'));
    });
  }

  #reopen(socket: Socket): void {
    this.#sockets.delete(socket);
    socket.destroy();
    this.#open();
  }
}

function digits(number: number): string {
  return String(number).padStart(12, '0');
}

function below(count: number): number {
  return Math.floor(Math.random() * count);
}

function statusOf(bytes: Buffer): number {
  return ((bytes[9] ?? 0) - 48) * 100 + ((bytes[10] ?? 0) - 48) * 10 + ((bytes[11] ?? 0) - 48);
}

/** Whether the bytes contain one whole response, by its length or by the last chunk. */
function isWhole(bytes: Buffer): boolean {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return false;
  const head = bytes.toString('latin1', 0, headEnd);
  const length = /content-length: *(\d+)/i.exec(head);
  if (length !== null) return bytes.length >= headEnd + 4 + Number(length[1]);
  return bytes.subarray(-5).equals(lastChunk);
}

const lastChunk = Buffer.from('0\r\n\r\n');

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
