/** Writes synchronously, for the end of the process. */
import { writeSync } from 'node:fs';

/** A full pipe is tried again after this time. */
export const retryMs = 20;
/** Codes of the error of a full pipe. */
export const whenFull: readonly string[] = ['EAGAIN', 'EBUSY'];
const maxTries = 100;

/** Returns bytes that could not be written in time. */
export function writeWhole(descriptor: number, bytes: Buffer): Buffer {
  let rest = bytes;
  let tries = 0;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      tries += 1;
      if (!hasCode(error, whenFull) || tries > maxTries) return rest;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    }
  }
  return rest;
}

export function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
