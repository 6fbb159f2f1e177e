/** The answer to a preflight: 204 with the headers that were decided, and nothing else. */
import type { ClientAnswer } from '../../upstream/client-side.ts';

/** Writes the head but does not end the answer. `close`: it is the last one of its connection. */
export function writePreflight(res: ClientAnswer, headers: readonly string[], close: boolean): void {
  res.writeHead(204, close ? [...headers, 'connection', 'close'] : [...headers]);
}
