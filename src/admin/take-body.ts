/**
 * Reads the body of a request to its end, even where nobody wants it: closing a connection with unread bytes would make
 * TCP reset it, and the answer would be lost with it.
 */
import type { IncomingMessage } from 'node:http';

/** No caller has a reason to send more. */
const mostBytes = 64 * 1024;

/** `broken`: the caller went away, or its body is no valid HTTP. How long it may take is a limit of the server. */
export function takeBody(req: IncomingMessage): Promise<Buffer | 'too_large' | 'broken'> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= mostBytes) {
        parts.push(chunk);
        return;
      }
      req.pause();
      resolve('too_large');
    });
    req.once('end', () => resolve(Buffer.concat(parts)));
    req.once('error', () => resolve('broken'));
    req.once('close', () => resolve('broken'));
  });
}
