/** The client for large bodies, in a separate process: raw sockets that read into one buffer and count bytes. */
import { connect, type Socket } from 'node:net';
import { cpuTimeUs } from '../load/cpu-time.ts';
import { peakResidentBytes, residentNow, startPeak } from './resident.ts';
import type { TransferAnswer, TransferJob, TransferResult } from './transfer.ts';
import { type BodyWatch, watchBody } from './watch-body.ts';

const part = Buffer.alloc(1024 * 1024, 'x');
const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'x'), Buffer.from('\r\n')]);
const lastChunk = Buffer.from('0\r\n\r\n');
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

process.on('message', (job: TransferJob) => {
  run(job).then(
    (result) => process.send?.({ ok: true, result } satisfies TransferAnswer),
    (error: unknown) =>
      process.send?.({
        ok: false,
        error: error instanceof Error ? error.message : String(error),
      } satisfies TransferAnswer),
  );
});
process.on('disconnect', () => process.exit());

async function run(job: TransferJob): Promise<TransferResult> {
  const { pids } = job;
  const beforeBytes = residentNow(pids);
  startPeak(pids);
  const cpu = () => pids.reduce((sum, pid) => sum + cpuOf(pid), 0);
  const [cpuStart, start] = [cpu(), performance.now()];
  await Promise.all(Array.from({ length: job.connections }, () => new Transfers(job).done));
  const seconds = (performance.now() - start) / 1000;
  return { seconds, cpuUs: cpu() - cpuStart, beforeBytes, peakBytes: peakResidentBytes(pids) };
}

/** A process that nginx only needs at start may have ended. */
function cpuOf(pid: number): number {
  try {
    return cpuTimeUs(pid);
  } catch {
    return 0;
  }
}

/** A job's transfers on one connection, one after the other. */
class Transfers {
  readonly done: Promise<void>;
  readonly #job: TransferJob;
  readonly #socket: Socket;
  #left: number;
  #head = '';
  #body: BodyWatch | null = null;
  #toSend = 0;
  #ended: () => void = () => {};
  #failed: (error: Error) => void = () => {};

  constructor(job: TransferJob) {
    this.#job = job;
    this.#left = job.transfers;
    this.done = new Promise((resolve, reject) => {
      this.#ended = resolve;
      this.#failed = reject;
    });
    this.#socket = connect({
      port: job.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length) => {
          this.#received(readBuffer.subarray(0, length));
          return true;
        },
      },
    });
    this.#socket.on('connect', () => this.#begin());
    this.#socket.on('drain', () => this.#sendMore());
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('close', () => this.#failed(new Error('the server closed the connection')));
  }

  #begin(): void {
    const { head, direction, bytes } = this.#job;
    const framing = { down: '', up: `Content-Length: ${bytes}\r\n`, 'up in chunks': 'Transfer-Encoding: chunked\r\n' };
    this.#socket.write(`${head}${framing[direction]}\r\n`, 'latin1');
    this.#toSend = direction === 'down' ? 0 : bytes;
    this.#sendMore();
  }

  #sendMore(): void {
    const { direction } = this.#job;
    while (this.#toSend > 0) {
      const next = direction === 'up' ? part : chunk;
      this.#toSend -= direction === 'up' ? part.length : 0x10000;
      const more = this.#socket.write(next);
      if (this.#toSend === 0 && direction === 'up in chunks') this.#socket.write(lastChunk);
      if (!more) return;
    }
  }

  #received(bytes: Buffer): void {
    let at = 0;
    if (this.#body === null) {
      const before = this.#head.length;
      this.#head += bytes.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end === -1) return;
      at = end + 4 - before;
      const head = this.#head.slice(0, end);
      this.#head = '';
      if (!head.startsWith('HTTP/1.1 200 ')) {
        this.#failed(new Error(head.split('\r\n')[0]));
        return;
      }
      if (this.#toSend > 0) {
        this.#failed(new Error('a response came before the whole request'));
        return;
      }
      this.#body = watchBody(head);
    }
    if (!this.#body.sees(bytes.subarray(at))) return;
    this.#body = null;
    this.#left -= 1;
    if (this.#left > 0) {
      this.#begin();
      return;
    }
    this.#ended();
    this.#socket.destroy();
  }
}
