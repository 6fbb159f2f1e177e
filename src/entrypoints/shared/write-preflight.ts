/** The answer to a preflight: 204 with the headers that were decided, and nothing else. */
import type { ServerResponse } from 'node:http';

/** Writes the head but does not end the answer. `close`: it is the last one of its connection. */
export function writePreflight(res: ServerResponse, headers: readonly string[], close: boolean): void {
  res.writeHead(204, close ? [...headers, 'connection', 'close'] : [...headers]);
}
