/**
 * Where log lines go: standard output, or a program that contains the gateway. Lines for standard output are collected and written
 * asynchronously, one write at a time: a line costs a request no system call, and neither a slow reader nor a full disk stops a request.
 * Lines that cannot be written yet wait in a bounded buffer; further ones are dropped and counted. Writing stops when the reader is gone,
 * and failures are reported.
 */
import { write, writeSync } from 'node:fs';

export interface LogOutput {
  /** Accepts one or more lines, each with its line feed. Never throws. */
  write(lines: string): void;
  /** Writes everything within a time limit. Call it before `close` if there is time. */
  settle(): Promise<void>;
  /** Writes everything before it returns, unless it cannot be written; later lines are written one by one. */
  close(): void;
}

export interface OutputEvents {
  /** The number of lines that were dropped. */
  dropped(lines: number): void;
  /** Called when writes begin to fail, except because of a slow reader, and when they succeed again. */
  failing(failing: boolean): void;
}

/** A full pipe is tried again after this time. */
const retryMs = 20;
/** Codes of the error of a full pipe. */
const whenFull: readonly string[] = ['EAGAIN', 'EBUSY'];
const maxTries = 100;

/** Writes synchronously, for the end of the process. Returns bytes that could not be written in time. */
function writeWhole(descriptor: number, bytes: Buffer): Buffer {
  let rest = bytes;
  let tries = 0;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      tries += 1;
      if (!hasCode(error, whenFull) || tries > maxTries) return rest;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    }
  }
  return rest;
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

const standardOutputDescriptor = 1;
/** Lines are collected up to this length, or for this time. */
const chunkLength = 64 * 1024;
const flushIntervalMs = 100;
/** Maximum bytes that wait for a slow reader; beyond it lines are dropped. */
const maxWaitingBytes = 16 * 1024 * 1024;
const maxWriteBytes = 1024 * 1024;
/** Maximum wait for a stalled reader at the end of the process. */
const maxSettleMs = 2_000;
const lineFeed = 0x0a;

/** Lines are pure ASCII, so a character is a byte. */
export function standardOutput({ dropped, failing }: OutputEvents): LogOutput {
  const collected = Buffer.allocUnsafeSlow(chunkLength);
  let length = 0;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let writing = false;
  let failed = false;
  let closed = false;
  /** The reader is gone. */
  let gone = false;
  /** The reader did not read while the process ended. */
  let stuck = false;
  const onIdle: (() => void)[] = [];

  function report(failure: boolean): void {
    if (failure !== failed) failing(failure);
    failed = failure;
  }

  /** Copies the lines now: a string would retain every part that it was built from. */
  function collect(lines: string): void {
    if (length + lines.length > chunkLength) flush();
    if (lines.length > chunkLength) enqueue(Buffer.from(lines, 'latin1'));
    else length += collected.write(lines, length, 'latin1');
  }

  function enqueueCollected(): void {
    if (length === 0) return;
    const bytes = Buffer.from(collected.subarray(0, length));
    length = 0;
    enqueue(bytes);
  }

  function enqueue(bytes: Buffer): void {
    if (gone || waitingBytes + bytes.length > maxWaitingBytes) {
      dropped(countLines(bytes));
      return;
    }
    waiting.push(bytes);
    waitingBytes += bytes.length;
  }

  /** The next bytes to write, of whole chunks. */
  function take(): Buffer {
    let count = 1;
    let size = waiting[0]!.length;
    while (count < waiting.length && size + waiting[count]!.length <= maxWriteBytes) {
      size += waiting[count]!.length;
      count += 1;
    }
    const chunks = waiting.splice(0, count);
    return count === 1 ? chunks[0]! : Buffer.concat(chunks, size);
  }

  /** Every byte that waits and is not being written. */
  function takeAll(): Buffer {
    const bytes = Buffer.concat(waiting);
    waiting = [];
    waitingBytes -= bytes.length;
    return bytes;
  }

  function rest(): void {
    writing = false;
    for (const done of onIdle.splice(0)) done();
  }

  function writeNext(): void {
    if (waiting.length === 0) {
      rest();
      return;
    }
    const bytes = take();
    write(standardOutputDescriptor, bytes, (error, count) => {
      if (error === null) {
        report(false);
        waitingBytes -= count;
        if (count < bytes.length) waiting.unshift(bytes.subarray(count));
        writeNext();
        return;
      }
      waiting.unshift(bytes);
      if (hasCode(error, whenFull)) {
        setTimeout(writeNext, retryMs);
        return;
      }
      // A full disk may have room later: the next flush tries again.
      report(true);
      if (hasCode(error, ['EPIPE', 'EBADF', 'ECONNRESET'])) {
        gone = true;
        dropped(countLines(takeAll()));
      }
      rest();
    });
  }

  function flush(): void {
    enqueueCollected();
    if (writing || waiting.length === 0) return;
    writing = true;
    writeNext();
  }

  function flushSync(): void {
    enqueueCollected();
    const bytes = takeAll();
    const left = stuck ? bytes : writeWhole(standardOutputDescriptor, bytes);
    if (left.length > 0) dropped(countLines(left));
  }

  const timer = setInterval(flush, flushIntervalMs).unref();
  process.on('exit', flushSync);

  return {
    write(lines) {
      collect(lines);
      if (closed) flushSync();
    },
    async settle() {
      flush();
      if (!writing) return;
      const idle = Promise.withResolvers<void>();
      onIdle.push(idle.resolve);
      const late = setTimeout(() => {
        stuck = true;
        idle.resolve();
      }, maxSettleMs);
      await idle.promise;
      clearTimeout(late);
    },
    close() {
      closed = true;
      clearInterval(timer);
      process.off('exit', flushSync);
      flushSync();
    },
  };
}

function countLines(text: Buffer): number {
  let lines = 0;
  for (let at = text.indexOf(lineFeed); at >= 0; at = text.indexOf(lineFeed, at + 1)) lines += 1;
  return lines;
}

/** The destination of lines of an embedded gateway. */
export interface LogDestination {
  write(lines: string): unknown;
}

/** Writes each line at once. A failing destination loses the line. */
export function outputTo(destination: LogDestination): LogOutput {
  return {
    write(lines) {
      try {
        destination.write(lines);
      } catch {
        // A failing log must not stop requests.
      }
    },
    settle: async () => {},
    close: () => {},
  };
}
