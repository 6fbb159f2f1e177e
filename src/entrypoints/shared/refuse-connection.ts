/**
 * Refusals without a request: bytes that are no HTTP, headers that are too large or too slow, CONNECT. Node would
 * answer these by itself, without `x-error`, or close silently. Never written into the middle of an answer.
 */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ReasonCode } from '../../core/outcome/reasons.ts';
import type { Deadline, Deadlines } from '../../upstream/deadline-wheel.ts';
import type { ClientConnection } from './client-connection.ts';
import { rawRefusal } from './write-refusal.ts';

/** For the log: a connection was refused before there was a request to decide on. */
export interface RefusedConnection {
  readonly reason: ReasonCode;
  readonly errorId: string;
  readonly method: string;
  readonly client: string;
  readonly bytesOut: number;
  readonly cause: unknown;
}

/** How long a refused connection is still read from, so that the client gets to read the answer. */
const lingerMs = 1_000;

/** Answers `clientError`. An error of the network only closes. */
export function refuseClientError(
  error: Error,
  socket: Socket,
  connection: ClientConnection,
  deadlines: Deadlines,
  refused: (refused: RefusedConnection) => void,
): void {
  // The parser reports every further byte as one more error.
  if (connection.refused) return;
  // Bytes after the last request of the connection: they are not read, and what is being answered goes on.
  if (codeOf(error) === 'HPE_CLOSED_CONNECTION' && connection.inFlight > 0) return;
  const reason = reasonOfError(error);
  if (reason === null || !socket.writable) {
    socket.destroy();
    return;
  }
  connection.refused = true;
  const refuse = () => {
    // An answer before this one may have closed the connection.
    if (!socket.writable) socket.destroy();
    else refused(refuseConnection(socket, reason, connection, deadlines, { method: '', cause: error }));
  };
  if (connection.inFlight === 0) {
    refuse();
    return;
  }
  // The bytes belong to the body of a request in flight, or come after whole requests, whose answers go first.
  if (connection.latest?.bodyPending === true) connection.latest.fail(reason);
  else connection.farewell = refuse;
}

/** Writes the refusal, ends the connection, and destroys it when the client has had the time to read. */
export function refuseConnection(
  socket: Socket | Duplex,
  reason: ReasonCode,
  connection: ClientConnection,
  deadlines: Deadlines,
  about: { readonly method: string; readonly cause: unknown },
): RefusedConnection {
  const errorId = randomUUID();
  const bytes = rawRefusal(reason, errorId);
  socket.on('error', () => socket.destroy());
  socket.end(Buffer.from(bytes, 'latin1'));
  socket.resume();
  const linger = new Linger(socket);
  deadlines.schedule(linger, performance.now() + lingerMs);
  socket.once('close', () => deadlines.cancel(linger));
  const bytesOut = bytes.length - bytes.indexOf('\r\n\r\n') - 4;
  return { reason, errorId, method: about.method, client: connection.address, bytesOut, cause: about.cause };
}

class Linger implements Deadline {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly #socket: Socket | Duplex;

  constructor(socket: Socket | Duplex) {
    this.#socket = socket;
  }

  onDeadline(): void {
    this.#socket.destroy();
  }
}

/** What an error of the parser means for the client; null: nothing can or need be said. */
export function reasonOfError(error: Error): ReasonCode | null {
  const code = codeOf(error);
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  // The client ended its side within a request: it is gone, or wants no answer.
  if (code === 'HPE_INVALID_EOF_STATE') return null;
  return code.startsWith('HPE_') ? 'request_malformed' : null;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
