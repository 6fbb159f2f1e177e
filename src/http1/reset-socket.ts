/** Breaks a connection so that the other side cannot take it for a proper end. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** TCP shows a break by a reset; TLS by the missing closing alert (RFC 8446 section 6.1), and Node cannot reset it. */
export function resetSocket(socket: Duplex): void {
  // A reset that meets an end under way fails, and Node then neither closes the socket nor reports it. Nothing is lost: the
  // end comes after all bytes.
  const ending = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (ending || socket instanceof TLSSocket || !(socket instanceof Socket)) socket.destroy();
  else socket.resetAndDestroy();
}
