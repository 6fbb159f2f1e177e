/**
 * Memory of large body parts, released at once instead of at the next garbage collection. The allocator then hands the same
 * pages to the next read, which halves the CPU of a large body (`bench/bodies`).
 */

/** Smaller parts may share their memory with others. */
const ownMemoryBytes = 32 * 1024;

/** Whether bytes fill their memory alone. */
export function hasOwnMemory(bytes: Buffer): boolean {
  return bytes.length >= ownMemoryBytes && bytes.length === bytes.buffer.byteLength;
}

/** For a part that fills its memory alone and is no longer read. */
export function releaseMemory({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
