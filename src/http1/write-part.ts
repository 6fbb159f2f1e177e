/** Writes a part of a body in one system call with the text before it: as it is, or as a chunk (RFC 9112 section 7.1). */
import type { Duplex } from 'node:stream';
import { releaseMemory } from './part-memory.ts';

/**
 * `ownMemory`: the memory of the part contains nothing else that is still needed; it is released once the part is written. False: the other
 * side is slow, and `drain` follows.
 */
export function writePart(socket: Duplex, before: string, part: Buffer, chunked: boolean, ownMemory: boolean): boolean {
  const callback = ownMemory ? () => releaseMemory(part) : undefined;
  if (before === '' && !chunked) return socket.write(part, callback);
  socket.cork();
  socket.write(chunked ? `${before}${part.length.toString(16)}\r\n` : before, 'latin1');
  let more = socket.write(part, callback);
  if (chunked) more = socket.write('\r\n', 'latin1');
  socket.uncork();
  return more;
}
