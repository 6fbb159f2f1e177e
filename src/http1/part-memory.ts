/**
 * Memory of large body parts, released at once instead of at the next garbage collection. The allocator then hands the same
 * pages to the next read, which halves the CPU of a large body (`bench/bodies`).
 */

/** Smaller parts may share their memory with others. */
const ownMemoryBytes = 32 * 1024;

/** Whether the bytes fill their whole buffer. */
export function hasOwnMemory(bytes: Buffer): boolean {
  return bytes.length >= ownMemoryBytes && bytes.length === bytes.buffer.byteLength;
}

/** For a part that fills its whole buffer and is no longer read. */
export function releaseMemory({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
