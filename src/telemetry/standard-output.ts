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

/** `onDrop` is told how many lines were lost. Lines are pure ASCII, so that a character is a byte. */
export function standardOutput(onDrop: (lines: number) => void): LogDestination {
  let waiting: Buffer[] = [];
  let bytes = 0;
  let writing = false;
  let gone = false;
  /** Nobody reads what is being written. */
  let stuck = false;
  let idle: (() => void)[] = [];

  function take(): Buffer {
    const parts: Buffer[] = [];
    let size = 0;
    while (waiting.length > 0 && (size === 0 || size + waiting[0]!.length <= mostAtOnce)) {
      const part = waiting.shift()!;
      parts.push(part);
      size += part.length;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts, size);
  }

  function drop(): void {
    for (const part of waiting) onDrop(countLines(part));
    waiting = [];
    bytes = 0;
  }

  function rest(): void {
    writing = false;
    const resting = idle;
    idle = [];
    for (const done of resting) done();
  }

  function begin(chunk: Buffer): void {
    write(standardOutputDescriptor, chunk, (error, written) => {
      if (error !== null) {
        putBack(chunk, error);
        return;
      }
      bytes -= written;
      if (written < chunk.length) begin(chunk.subarray(written));
      else if (waiting.length > 0) begin(take());
      else rest();
    });
  }

  function putBack(chunk: Buffer, error: NodeJS.ErrnoException): void {
    waiting.unshift(chunk);
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

  function add(chunk: Buffer): void {
    if (gone || bytes + chunk.length > maxWaitingBytes) {
      onDrop(countLines(chunk));
      return;
    }
    waiting.push(chunk);
    bytes += chunk.length;
  }

  return {
    write: (text) => add(Buffer.from(text, 'latin1')),
    writeBytes: add,
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
        const chunk = take();
        try {
          const written = writeSync(standardOutputDescriptor, chunk);
          bytes -= written;
          if (written < chunk.length) waiting.unshift(chunk.subarray(written));
        } catch (error) {
          waiting.unshift(chunk);
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
