/** Breaks a connection so that the other side cannot take it for a proper end. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** TCP tells a break by a reset; TLS by the missing closing alert (RFC 8446 section 6.1), and Node cannot reset it. */
export function resetSocket(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
