/** What the application learns of an allowed request: a property of the request of `node:http`, which no client can set. */
import type { Identity } from '../core/identity/identity.ts';

export interface Grant {
  /** Id of the route. */
  readonly route: string;
  /** Null: the client is anonymous. */
  readonly identity: Identity | null;
  /** The result of the source is past its lifetime, and used because the source is unavailable. */
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
