/** Reads a file up to a bound, whatever it is. */
import { closeSync, openSync, readSync } from 'node:fs';

const stepBytes = 256 * 1024;

/**
 * Up to a bound, so that a device or a pipe without an end cannot take the memory of the process. Throws `RangeError` for a file of more than `mostBytes`, and the error of the system when it cannot be read.
 */
export function readBounded(file: string, mostBytes: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const parts: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const part = Buffer.allocUnsafe(stepBytes);
      const read = readSync(descriptor, part);
      if (read === 0) return Buffer.concat(parts, bytes);
      bytes += read;
      if (bytes > mostBytes) throw new RangeError(`more than ${mostBytes} bytes`);
      parts.push(part.subarray(0, read));
    }
  } finally {
    closeSync(descriptor);
  }
}
