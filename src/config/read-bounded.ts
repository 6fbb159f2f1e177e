/** Reads files within a bound. */
import { closeSync, openSync, readSync } from 'node:fs';

const stepBytes = 256 * 1024;

/**
 * The content of a file up to a bound, so that an endless device or pipe cannot exhaust the memory of the process. Throws `RangeError` for a file of more than
 * `maxBytes`, and the error of the system if it cannot be read.
 */
export function readBounded(file: string, maxBytes: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const parts: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const part = Buffer.allocUnsafe(stepBytes);
      const read = readSync(descriptor, part);
      if (read === 0) return Buffer.concat(parts, bytes);
      bytes += read;
      if (bytes > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
      parts.push(part.subarray(0, read));
    }
  } finally {
    closeSync(descriptor);
  }
}
