/** Reads a request's body into memory, within a bound. */
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../outcome/refusals.ts';

export const maxBodyBytes = 16 * 1024;

const empty = Buffer.alloc(0);

/**
 * Refuses a body beyond the bound (413) as soon as that is known. Null: the client left, or its framing broke, and there
 * is no one left to respond to; the server refuses broken framing by itself.
 */
export async function readRequestBody(request: IncomingMessage): Promise<Buffer | Refusal | null> {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (length === undefined || length === '0')) return empty;
  if (length !== undefined && Number(length) > maxBodyBytes) return new Refusal('body_too_large');
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBodyBytes) chunks.push(chunk);
      else resolve(new Refusal('body_too_large'));
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => resolve(null));
    request.on('close', () => resolve(null));
  });
}
