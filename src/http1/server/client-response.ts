/** The response to a request of a client, sent in parts: `Response`, or one of another version of HTTP. */
import type { Duplex } from 'node:stream';
import type { WholeResponse } from './whole-response.ts';

export interface ClientResponse extends WholeResponse {
  /** Asks the client for the body of its request, if it waits for that. */
  writeContinue(): void;
  /** Sends a head that no part has followed yet. */
  flush(): void;
  /** Sends a part of the body now. False: the client is slow; `drained` is called when it can accept more. */
  write(part: Buffer): boolean;
  /** With the body, if there is one; text is Latin-1. Returns its bytes. */
  end(body?: Buffer | string | null): number;
  /** Responds to an upgrade with 101 and releases the socket. `headers` as for `writeHead`. */
  upgrade(headers: readonly string[]): { readonly socket: Duplex; readonly early: Buffer };
}
