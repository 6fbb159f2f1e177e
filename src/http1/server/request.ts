/** One request as its connection hands it on: the head, and the body for those who want it. */
import type { RequestHead } from '../grammar/request-head.ts';
import type { IncomingBody } from './incoming-body.ts';

export interface Request extends RequestHead {
  /** Null: the request has none. */
  readonly body: IncomingBody | null;
}

/**
 * Why a request cannot be served to its end. `overloaded`: no memory is left for bytes that wait. `unread`: the client took nothing
 * of its response in time.
 */
export type RequestFault = 'malformed' | 'timeout' | 'overloaded' | 'unread';

/** Follows one request and its response; set on the response by the code that serves it. */
export interface RequestEvents {
  /** The rest of the body will not come. The connection ends after the response. */
  requestFailed(fault: RequestFault): void;
  /** The client can take more of the response again. */
  drained(): void;
  /** The last call: the response is with the system, or the connection is gone. */
  closed(): void;
}
