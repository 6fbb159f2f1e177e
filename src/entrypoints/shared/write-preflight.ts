/**
 * The answer to a preflight: the headers that were decided, and nothing else. 200 and not 204, which browsers take as
 * well: every other status of the gateway is a refusal, with `x-error`.
 */
import type { ClientAnswer } from '../../upstream/client-side.ts';

/** Writes the head but does not end the answer. `close`: it is the last one of its connection. */
export function writePreflight(res: ClientAnswer, headers: readonly string[], close: boolean): void {
  res.writeHead(200, [...headers, 'content-length', '0', ...(close ? ['connection', 'close'] : [])]);
}
