/** One request to a server, and how the code that sends it follows it. */
import type { Socket } from 'node:net';
import type { BodySource } from '../body.ts';
import type { ClientError } from './client-error.ts';

export interface OutgoingRequest {
  readonly method: string;
  /** Path and query as they go into the request line. */
  readonly path: string;
  /**
   * Names and values in turn, without hop-by-hop fields, `host` first if there is one. A body in parts is framed by the
   * `content-length` among them, or else in chunks; a buffer by its own length.
   */
  readonly headers: readonly string[];
  body: BodySource | Buffer | null;
  /** It asks for another protocol: 101 is a valid response. */
  readonly upgrade: boolean;
  /** Connections are shared by requests of one group only. */
  readonly group: string;
}

/** What a handler can do to the connection on which its request runs. */
export interface ConnectionControl {
  /** Requests that the connection carried before this one. */
  readonly carried: number;
  /** Not a byte of the request has been written; it stays so when the connection has ended. */
  readonly unsent: boolean;
  pause(): void;
  resume(): void;
  /** Closes the connection; nothing is reported to the handler any more. */
  abort(): void;
  /** Gives the socket away after `onUpgrade`. */
  detach(): Socket;
}

/** Follows one request; every call after `onRequestStart` comes from the connection that it names. */
export interface ResponseHandler {
  /** The request is about to be written. False: it is not wanted any more. */
  onRequestStart(control: ConnectionControl): boolean;
  /** Bytes of the request's body were written. */
  onBodySent(): void;
  /** The first byte of a response came. */
  onResponseStarted(): void;
  /** The head of the final response; `rawHeaders` are names and values in turn. */
  onResponseHead(control: ConnectionControl, status: number, statusText: string, rawHeaders: readonly string[]): void;
  /** `part` is the handler's to keep. */
  onResponseData(control: ConnectionControl, part: Buffer): void;
  /** Everything that came is read, and the response is not whole. */
  onResponseWaits(): void;
  /** The server has switched protocols. `early`: what came after its head. The handler detaches the socket or aborts. */
  onUpgrade(control: ConnectionControl, rawHeaders: readonly string[], early: Buffer): void;
  /** The response is whole. */
  onResponseEnd(): void;
  /** No whole response will come; `onRequestStart` may not have been called. The last call, as `onResponseEnd` is. */
  onResponseError(error: ClientError): void;
}
