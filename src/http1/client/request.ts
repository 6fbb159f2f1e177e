/** One request to a server, and how the code that sends it follows it. */
import type { Socket } from 'node:net';
import type { BodySource } from '../body.ts';
import type { ClientError } from './client-error.ts';

export interface OutgoingRequest {
  readonly method: string;
  /** Path and query as in the request line. */
  readonly path: string;
  /**
   * Alternating names and values, without hop-by-hop fields, `host` first if there is one. A body in parts is framed by the
   * `content-length` among them, or else in chunks; a buffer by its own length.
   */
  readonly headers: readonly string[];
  body: BodySource | Buffer | null;
  /** It requests another protocol: 101 is a valid response. */
  readonly upgrade: boolean;
  /** Only requests of one group share connections. */
  readonly group: string;
  /** Address of the client for which its connection is opened; unset: it is opened for the gateway itself. */
  readonly client?: string;
}

/** What a handler can do with the connection of its request. */
export interface ConnectionControl {
  /** Requests that the connection carried before this one. */
  readonly carried: number;
  /** Not a byte of the request has been written; this remains true after the connection has ended. */
  readonly unsent: boolean;
  pause(): void;
  resume(): void;
  /** Closes the connection; the handler gets no more calls. */
  abort(): void;
  /** The response stays open: the connection no longer counts in its pool, and carries nothing else. */
  leavePool(): void;
  /** Releases the socket after `onUpgrade`. */
  detach(): Socket;
}

/** Follows one request; every call after `onRequestStart` comes from its connection. */
export interface ResponseHandler {
  /** The request is about to be written. False: it is no longer wanted. */
  onRequestStart(control: ConnectionControl): boolean;
  /** Bytes of the request's body were written. */
  onBodySent(): void;
  /** The first byte of a response arrived. */
  onResponseStarted(): void;
  /** The head of the final response; `rawHeaders` are alternating names and values. */
  onResponseHead(status: number, statusText: string, rawHeaders: readonly string[]): void;
  /** The handler may keep `part`. */
  onResponseData(part: Buffer): void;
  /** The head and all received bytes of the body were handed on, and the response is incomplete. */
  onResponseWaits(): void;
  /** The server has switched protocols. `early`: the bytes after its head. The handler detaches the socket or aborts. */
  onUpgrade(control: ConnectionControl, rawHeaders: readonly string[], early: Buffer): void;
  /** The response is complete. */
  onResponseEnd(): void;
  /** There will be no complete response; `onRequestStart` may not have been called. The last call, like `onResponseEnd`. */
  onResponseError(error: ClientError): void;
}
