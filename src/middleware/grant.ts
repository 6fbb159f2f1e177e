/** Facts about an allowed request for the application: a property of the `node:http` request, which clients cannot set. */
import type { Identity } from '../core/identity/identity.ts';

export interface Grant {
  /** Id of the route. */
  readonly route: string;
  /** Null: the client is anonymous. */
  readonly identity: Identity | null;
  /** The result of the source has expired, and is used because the source is unavailable. */
  readonly stale: boolean;
  /** Address of the client, through trusted proxies. */
  readonly client: string;
  /** Also in `x-request-id`, and in the log. */
  readonly requestId: string;
}

declare module 'node:http' {
  interface IncomingMessage {
    /** Set by Rolegate for an allowed request. Undefined: it was not decided. */
    readonly rolegate?: Grant;
  }
}
