/** How the sender of a request to an upstream follows it. */
import type { Socket } from 'node:net';
import type { ReasonCode } from '../core/outcome/reasons.ts';

/** `responseEnd`, `upgraded` or `failed` is the last call; none follows `cancel`. */
export interface UpstreamEvents {
  /** It has to wait for its turn, for at most this long; `cancel` may be called at once. */
  waiting(maxMs: number): void;
  /** Its turn has come: it goes to this origin. */
  sending(origin: string): void;
  /** It is being written. */
  started(): void;
  bodySent(): void;
  /** The head of the response; `rawHeaders` are alternating names and values. */
  responseHead(status: number, statusText: string, rawHeaders: readonly string[]): void;
  responseData(part: Buffer): void;
  /** The head and all received bytes of the body were handed on, and the response is incomplete. */
  responseWaits(): void;
  responseEnd(): void;
  /** The service switched protocols. `take` returns its socket; if it is not called, the connection is closed. */
  upgraded(rawHeaders: readonly string[], early: Buffer, take: () => Socket): void;
  failed(reason: ReasonCode, cause: unknown): void;
}
