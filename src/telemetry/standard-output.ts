/**
 * Standard output as a destination of the log: written asynchronously, one write at a time, so that neither a slow reader nor a
 * full disk stops anybody. What cannot be written waits within a bound; a reader that is gone takes nothing any more.
 */
import { write, writeSync } from 'node:fs';
import type { LogDestination } from './log-sink.ts';

const standardOutputDescriptor = 1;
/** Text that waits for a slow reader; beyond it lines are dropped. */
const maxWaitingBytes = 16 * 1024 * 1024;
const mostAtOnce = 1024 * 1024;
/** A pipe that is full is tried again after so long. */
const againMs = 20;
/** A reader that takes nothing for so long, at the end of the process, is not waited for. */
const longestSettleMs = 2_000;
/** Times that the end of the process waits for a full pipe. */
const mostWaits = 100;
const lineFeed = 0x0a;

/** Whole lines, and what is to be called when their memory is not needed any more. */
interface Part {
  readonly bytes: Buffer;
  readonly written: () => void;
}

const nobodyAsks = () => {};

/** `onDrop` is told how many lines were lost. Lines are pure ASCII, so that a character is a byte. */
export function standardOutput(onDrop: (lines: number) => void): LogDestination {
  let waiting: Part[] = [];
  let bytes = 0;
  let writing = false;
  let gone = false;
  /** Nobody reads what is being written. */
  let stuck = false;
  let idle: (() => void)[] = [];

  function take(): Part {
    const parts: Part[] = [];
    let size = 0;
    while (waiting.length > 0 && (size === 0 || size + waiting[0]!.bytes.length <= mostAtOnce)) {
      const part = waiting.shift()!;
      parts.push(part);
      size += part.bytes.length;
    }
    if (parts.length === 1) return parts[0]!;
    const joined = Buffer.concat(
      parts.map((part) => part.bytes),
      size,
    );
    for (const { written } of parts) written();
    return { bytes: joined, written: nobodyAsks };
  }

  function drop(): void {
    for (const part of waiting) {
      onDrop(countLines(part.bytes));
      part.written();
    }
    waiting = [];
    bytes = 0;
  }

  function rest(): void {
    writing = false;
    const resting = idle;
    idle = [];
    for (const done of resting) done();
  }

  function begin(part: Part): void {
    write(standardOutputDescriptor, part.bytes, (error, count) => {
      if (error !== null) {
        putBack(part, error);
        return;
      }
      bytes -= count;
      if (count < part.bytes.length) {
        begin(behind(part, count));
        return;
      }
      part.written();
      if (waiting.length > 0) begin(take());
      else rest();
    });
  }

  function putBack(part: Part, error: NodeJS.ErrnoException): void {
    waiting.unshift(part);
    if (isBusy(error)) {
      setTimeout(() => begin(take()), againMs);
      return;
    }
    // A full disk may have room later: the next flush tries again.
    if (isGone(error)) {
      gone = true;
      drop();
    }
    rest();
  }

  function add(part: Part): void {
    if (gone || bytes + part.bytes.length > maxWaitingBytes) {
      onDrop(countLines(part.bytes));
      part.written();
      return;
    }
    waiting.push(part);
    bytes += part.bytes.length;
  }

  return {
    write: (text) => add({ bytes: Buffer.from(text, 'latin1'), written: nobodyAsks }),
    writeBytes: (lines, written) => add({ bytes: lines, written }),
    flush() {
      if (writing || waiting.length === 0) return;
      writing = true;
      begin(take());
    },
    async settled() {
      if (!writing) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      idle.push(resolve);
      const timer = setTimeout(() => {
        stuck = true;
        resolve();
      }, longestSettleMs);
      await promise;
      clearTimeout(timer);
    },
    flushSync() {
      let waits = 0;
      if (stuck) drop();
      while (waiting.length > 0) {
        const part = take();
        try {
          const count = writeSync(standardOutputDescriptor, part.bytes);
          bytes -= count;
          if (count < part.bytes.length) waiting.unshift(behind(part, count));
          else part.written();
        } catch (error) {
          waiting.unshift(part);
          waits += 1;
          if (!isBusy(error) || waits > mostWaits) {
            drop();
            return;
          }
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, againMs);
        }
      }
    },
  };
}

function behind({ bytes, written }: Part, count: number): Part {
  return { bytes: bytes.subarray(count), written };
}

function isBusy(error: unknown): boolean {
  return hasCode(error, ['EAGAIN', 'EBUSY']);
}

function isGone(error: unknown): boolean {
  return hasCode(error, ['EPIPE', 'EBADF', 'ECONNRESET']);
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

function countLines(text: Buffer): number {
  let lines = 0;
  for (let at = text.indexOf(lineFeed); at >= 0; at = text.indexOf(lineFeed, at + 1)) lines += 1;
  return lines;
}
