/**
 * What forwarding needs of a client's request and of the answer to it. Both have two forms: those of `node:http`, and
 * the lean ones of a plain connection (`entrypoints/shared/plain-connection.ts`).
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { AnswerLines } from '../core/forwarding/answer-lines.ts';

export interface ClientRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly httpVersionMajor: number;
  readonly httpVersionMinor: number;
  readonly socket: Socket;
  /** All of it has arrived. */
  readonly complete: boolean;
  /** Where its body comes from; null: it has none. */
  readonly source: IncomingMessage | null;
}

export interface ClientAnswer {
  /** Null: it waits for the answers before it on the connection. Left out: it never does. */
  readonly socket?: Socket | null;
  readonly statusCode: number;
  /** `end` was called. */
  readonly writableEnded: boolean;
  /** Everything has been handed to the system. */
  readonly writableFinished: boolean;
  /** Headers are names and values in turn. Throws when they are no valid HTTP. */
  writeHead(status: number, headers: string[]): unknown;
  writeHead(status: number, statusText: string, headers: string[]): unknown;
  /** In place of `writeHead`, for a head whose text may be kept. Left out: this form of answer writes its own. */
  writeLines?(lines: AnswerLines): void;
  writeContinue(): void;
  /** Sends the head when no body will follow it. */
  flushHeaders(): void;
  /** False: the client is full, and `drain` tells when it is not. `written`: the system has the part, or never will. */
  write(part: Buffer, written?: () => void): boolean;
  write(part: string, encoding: 'latin1'): boolean;
  end(): unknown;
  end(part: Buffer): unknown;
  end(part: string, encoding: 'latin1'): unknown;
  once(event: 'drain', listener: () => void): unknown;
  /** Client and gateway are done with the answer; `this` is the answer. */
  on(event: 'close', listener: () => void): unknown;
}
