/**
 * A client that sends bytes exactly as given, well-formed or not, and parses the responses. For attack tests, where an
 * HTTP library would refuse to write the request.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type RawAnswer, readAnswer } from './http-response.ts';

export type { RawAnswer } from './http-response.ts';

/** Longest wait for anything, in milliseconds. */
const patienceMs = 10_000;

export interface RawConnection {
  readonly socket: Socket;
  write(bytes: string | Uint8Array): void;
  /**
   * The next final response (1xx are kept in `interim`). `method` is that of its request. If the connection closes
   * first, returns what has arrived, with `complete: false`, and rejects without a header block.
   */
  answer(method?: string): Promise<RawAnswer>;
  /** Interim responses so far. */
  readonly interim: readonly RawAnswer[];
  /** Bytes received and not yet parsed as a response. */
  unread(): Buffer;
  /** Resolves when the other side has closed: `end` normally, `reset` by a reset. */
  closed(): Promise<'end' | 'reset'>;
  /** Destroys the connection. */
  destroy(): void;
}

/** Opens a connection to a port on loopback. */
export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.setNoDelay(true);
  let unread: Buffer = Buffer.alloc(0);
  let ended: 'end' | 'reset' | null = null;
  const interim: RawAnswer[] = [];
  const watchers = new Set<() => void>();
  const changed = () => {
    for (const watcher of [...watchers]) watcher();
  };
  socket.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    changed();
  });
  socket.on('error', () => {
    ended ??= 'reset';
  });
  socket.on('end', () => {
    ended ??= 'end';
    changed();
  });
  socket.on('close', () => {
    ended ??= 'end';
    changed();
  });

  /** Retries after each change until there is a result. */
  function until<T>(ask: () => T | undefined, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        watchers.delete(check);
        reject(new Error(`No ${what} within ${patienceMs} ms; unread: ${JSON.stringify(unread.toString('latin1'))}`));
      }, patienceMs);
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        watchers.delete(check);
        finish();
      };
      const check = () => {
        try {
          const result = ask();
          if (result !== undefined) settle(() => resolve(result));
        } catch (error) {
          settle(() => reject(error));
        }
      };
      watchers.add(check);
      check();
    });
  }

  return {
    socket,
    interim,
    write: (bytes) => {
      socket.write(bytes);
    },
    answer: (method = 'GET') =>
      until(() => {
        for (;;) {
          const read = readAnswer(unread, method, ended !== null);
          if (read === null && ended !== null) throw new Error(`Closed (${ended}) without an answer`);
          if (read === null || (!read.answer.complete && ended === null)) return undefined;
          unread = unread.subarray(read.length);
          if (read.answer.status >= 200 || read.answer.status === 101) return read.answer;
          interim.push(read.answer);
        }
      }, 'answer'),
    unread: () => unread,
    closed: () => until(() => ended ?? undefined, 'close'),
    destroy: () => {
      socket.destroy();
    },
  };
}

/** Sends the bytes on a separate connection, reads one response and disconnects. */
export async function sendRaw(port: number, bytes: string | Uint8Array, method?: string): Promise<RawAnswer> {
  const connection = await openRaw(port);
  try {
    connection.write(bytes);
    return await connection.answer(method ?? methodOf(bytes));
  } finally {
    connection.destroy();
  }
}

/** Sends the bytes and reads every response until the other side closes. */
export async function sendRawUntilClose(
  port: number,
  bytes: string | Uint8Array,
): Promise<{ answers: RawAnswer[]; closed: 'end' | 'reset'; leftOver: Buffer }> {
  const connection = await openRaw(port);
  try {
    connection.write(bytes);
    const closed = await connection.closed();
    const answers: RawAnswer[] = [];
    let rest = connection.unread();
    for (;;) {
      const read = rest.length === 0 ? null : readAnswer(rest, 'GET', true);
      if (read === null) return { answers, closed, leftOver: rest };
      answers.push(read.answer);
      rest = rest.subarray(read.length);
    }
  } finally {
    connection.destroy();
  }
}

function methodOf(bytes: string | Uint8Array): string {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1');
  return text.slice(0, text.indexOf(' '));
}
