/**
 * Where all log lines go, in order: collected into chunks and written asynchronously, so that a line costs a request
 * no system call. Lines wait at most `flushIntervalMs`; whoever reads too slowly loses lines, and never stops requests.
 */
import { WaitingBytes, WaitingText } from './waiting-lines.ts';

/** What takes finished text: standard output, or anything that writes. Text given to `write` is whole lines. */
export interface LogDestination {
  write(text: string): unknown;
  /** The same in bytes, which are the destination's until it calls `written`, once. Left out: it takes text alone. */
  writeBytes?(bytes: Buffer, written: () => void): unknown;
  /** Begins to write what was given, without waiting. */
  flush?(): void;
  /** Resolves when nothing is being written any more. Never rejects. */
  settled?(): Promise<void>;
  /** Has everything written when it returns, unless it cannot be; for the end of the process. */
  flushSync?(): void;
}

export interface LogSink {
  /** Takes one line with its line feed. Never throws. */
  write(line: string): void;
  /** Hands everything over, and waits for what is being written: to be called before `close` where there is time. */
  settle(): Promise<void>;
  /** Hands everything over and returns when it is written; later lines are written one by one. */
  close(): void;
}

const chunkLength = 64 * 1024;
const flushIntervalMs = 100;

export function createLogSink(destination: LogDestination): LogSink {
  const waiting =
    destination.writeBytes === undefined ? new WaitingText() : new WaitingBytes(chunkLength + chunkLength / 4);
  let closed = false;
  /** `alone`: a line that is longer than all that may wait. */
  const handOver = (alone = '') => {
    try {
      waiting.handTo(destination);
      if (alone !== '') destination.write(alone);
    } catch {
      // A destination that is gone takes no lines, and nobody is left to tell.
    }
  };
  const flush = () => {
    handOver();
    try {
      destination.flush?.();
    } catch {
      // As above.
    }
  };
  const flushNow = () => {
    handOver();
    try {
      destination.flushSync?.();
    } catch {
      // As above; also a destination that is not open yet.
    }
  };
  const timer = setInterval(flush, flushIntervalMs).unref();
  process.on('exit', flushNow);
  return {
    write: (line) => {
      if (!waiting.add(line)) {
        handOver();
        if (!waiting.add(line)) handOver(line);
      }
      if (closed) flushNow();
      else if (waiting.length >= chunkLength) flush();
    },
    settle: async () => {
      flush();
      await destination.settled?.();
    },
    close: () => {
      closed = true;
      clearInterval(timer);
      process.off('exit', flushNow);
      flushNow();
    },
  };
}
