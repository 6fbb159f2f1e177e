/** Breaks a connection so that it does not look like a proper end to the other side. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** TCP signals this by a reset; TLS by a missing closing alert (RFC 8446 section 6.1), and Node cannot reset it. */
export function resetSocket(socket: Duplex): void {
  // A reset during an end in progress fails, and Node then neither closes the socket nor reports it. Nothing is lost: the end follows all
  // bytes.
  const ending = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (ending || socket instanceof TLSSocket || !(socket instanceof Socket)) socket.destroy();
  else socket.resetAndDestroy();
}
