/** A response that is sent at once: `Response`, or one of another protocol. */
import type { RequestEvents } from './request.ts';

export interface WholeResponse {
  /** 0: no head was written. */
  readonly status: number;
  /** `end` was called. */
  readonly ended: boolean;
  /** The system has accepted all of it. */
  readonly finished: boolean;
  events: RequestEvents | null;
  /** `headers` are alternating names and values. */
  writeHead(status: number, statusText: string | null, headers: readonly string[]): void;
  /** With the body, if there is one; text is Latin-1. Returns its bytes. */
  end(body?: string | null): number;
  /** Ends the carrier of the response, so that the response does not look complete. */
  break(): void;
}
