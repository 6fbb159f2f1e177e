/** One request as its connection hands it on: the head, and the body on demand. */
import type { ReceivedBody } from '../body.ts';
import type { RequestHead } from '../grammar/request-head.ts';

export interface Request extends RequestHead {
  /** Null: the request has none. */
  readonly body: ReceivedBody | null;
}

/**
 * Why a request cannot be served completely. `overloaded`: no memory is left for held bytes. `unread`: the client did not read its response
 * in time.
 */
export type RequestFault = 'malformed' | 'timeout' | 'overloaded' | 'unread';

/** Events of one request and its response; set on the response by the code that serves it. */
export interface RequestEvents {
  /** The rest of the body will not arrive. The connection ends after the response. */
  requestFailed(fault: RequestFault): void;
  /** The client can accept more of the response again. */
  drained(): void;
  /** The last call: the system has accepted the response, or the connection is gone. */
  closed(): void;
}
