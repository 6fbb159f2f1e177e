/**
 * Where all log lines go, in order: collected into chunks and written asynchronously, so that a line costs a request
 * no system call. Lines wait at most `flushIntervalMs`; whoever reads too slowly loses lines, and never stops requests.
 */
import pino from 'pino';

/** What takes finished text: a SonicBoom of pino, or anything that writes. Text given to `write` is whole lines. */
export interface LogDestination {
  write(text: string): unknown;
  /** Begins to write what was given, without waiting. */
  flush?(): void;
  /** Has everything written when it returns; for the end of the process. */
  flushSync?(): void;
}

export interface LogSink {
  /** Takes one line with its line feed. Never throws. */
  write(line: string): void;
  /** Hands everything over and returns when it is written; later lines are written one by one. */
  close(): void;
}

const chunkLength = 64 * 1024;
const flushIntervalMs = 100;
/** Text that waits for a slow reader; beyond it lines are dropped. */
const maxWaitingBytes = 16 * 1024 * 1024;

/**
 * Standard output. Nothing is written before `flush`, so that the sink alone settles the size of a write. Lines are
 * pure ASCII, so their bytes are copied and not encoded.
 */
export function standardOutput(onDrop: (lines: number) => void): LogDestination {
  const destination = pino.destination({
    dest: 1,
    sync: false,
    contentMode: 'buffer',
    minLength: 1024 * 1024 - 1,
    maxWrite: 1024 * 1024,
    maxLength: maxWaitingBytes,
  });
  destination.on('drop', (text: Buffer) => onDrop(countLines(text.toString('latin1'))));
  // Without a listener, a full disk would end the process. What could not be written is tried again.
  destination.on('error', () => undefined);
  return {
    // In this mode it takes buffers alone; its types do not say so.
    write: (text) => destination.write(Buffer.from(text, 'latin1') as unknown as string),
    flush: () => destination.flush(),
    flushSync: () => destination.flushSync(),
  };
}

export function createLogSink(destination: LogDestination): LogSink {
  let waiting = '';
  let closed = false;
  const handOver = () => {
    if (waiting === '') return;
    const text = waiting;
    waiting = '';
    try {
      destination.write(text);
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
      waiting += line;
      if (closed) flushNow();
      else if (waiting.length >= chunkLength) flush();
    },
    close: () => {
      closed = true;
      clearInterval(timer);
      process.off('exit', flushNow);
      flushNow();
    },
  };
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
