/** A response that is sent as a whole: `Response`, or one of another protocol. */
import type { RequestEvents } from './request.ts';

export interface WholeResponse {
  /** 0: no head was written. */
  readonly status: number;
  /** `end` was called. */
  readonly ended: boolean;
  /** All of it is with the system. */
  readonly finished: boolean;
  events: RequestEvents | null;
  /** `headers` are names and values in turn. */
  writeHead(status: number, statusText: string | null, headers: readonly string[]): void;
  /** With the body, if there is one; text is Latin-1. Returns its bytes. */
  end(body?: string | null): number;
  /** Ends what carries the response, without one that looks whole. */
  break(): void;
}
