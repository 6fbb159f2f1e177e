/**
 * Memory of large body parts, released at once instead of at the next garbage collection. The allocator then hands the same
 * pages to the next read, which halves the CPU of a large body (`bench/bodies`).
 */

/** Smaller parts may share their memory with others. */
const ownMemoryBytes = 32 * 1024;

/** Whether a part fills its memory alone. */
export function hasOwnMemory(part: Buffer): boolean {
  return part.length >= ownMemoryBytes && part.length === part.buffer.byteLength;
}

/** For a part with memory of its own that is not read any more. */
export function releaseMemory({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
