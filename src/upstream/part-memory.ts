/**
 * Memory of the parts of large bodies, given back at once instead of when the collector comes by: the next part is then
 * read into the same place, which the processor still has at hand. It takes more than half off the cost of a large body.
 */

/** Smaller parts may share their memory with others. */
const ownMemoryBytes = 32 * 1024;

/** Whether a part fills its memory alone. */
export function hasOwnMemory(part: Buffer): boolean {
  return part.length >= ownMemoryBytes && part.length === part.buffer.byteLength;
}

/** For a part with memory of its own that nobody reads any more. */
export function letGo({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
