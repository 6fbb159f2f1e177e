/**
 * Ends a connection so that the client can read its last response: sends FIN, and reads and drops what the client still sends for a while.
 * Unread bytes would make TCP reset, and the response would be lost.
 */
import type { Duplex } from 'node:stream';
import type { Deadline, Deadlines } from '../deadline-wheel.ts';

/** Maximum bytes that are read and dropped after a response. */
export const maxDiscardBytes: number = 64 * 1024;
/** Longest time in which they are read. */
export const maxDiscardMs: number = 1_000;

/** From now on, nothing else reads the socket. */
export function closeLingering(socket: Duplex, deadlines: Deadlines): void {
  const deadline: Deadline = { deadlineAt: 0, earlier: null, later: null, onDeadline: () => socket.destroy() };
  let dropped = 0;
  socket.end();
  socket.on('data', (bytes: Buffer) => {
    dropped += bytes.length;
    if (dropped > maxDiscardBytes) socket.destroy();
  });
  socket.on('close', () => deadlines.cancel(deadline));
  socket.resume();
  deadlines.schedule(deadline, performance.now() + maxDiscardMs);
}
