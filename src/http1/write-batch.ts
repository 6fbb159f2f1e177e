/**
 * Writes that leave together, at the end of the turn of the event loop that prepared them. Each write is a system call that may wake the
 * process at the other end; batched, all work of a turn is done before the first write.
 */

export interface BatchedWriter {
  /** Writes the prepared bytes. Must not throw. */
  writeBatched(): void;
}

/** Up to this size a body is copied into the text of its head, which is cheaper than a second buffer in the write. */
export const smallBytes: number = 8 * 1024;

let batch: BatchedWriter[] = [];

export function writeWithBatch(writer: BatchedWriter): void {
  if (batch.push(writer) === 1) setImmediate(writeAll);
}

function writeAll(): void {
  const writers = batch;
  batch = [];
  for (const writer of writers) writer.writeBatched();
}
