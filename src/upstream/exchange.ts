/**
 * One request and its answer: the record that telemetry reads, and the client's side of the traffic. The object is the
 * only one that a request costs; forwarding adds the upstream's side to it (`forward-request.ts`).
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Allow, Decision } from '../core/decision.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { LogMemory } from '../telemetry/log-memory.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import type { ClientAnswer, ClientRequest } from './client-side.ts';

/** A request whose socket `node:http` has let go of. */
export type IncomingUpgrade = ClientRequest & { readonly source: IncomingMessage };

/** The client connection that a request came on. */
export interface Origin extends LogMemory {
  requestEnded(request: Exchange): void;
  /** The request that came last. */
  readonly latest: unknown;
  /** The request that is the last one here, however many follow; null: there is none yet. */
  readonly final: unknown;
  /** The other end is a trusted proxy, at the address that counts as `network`. */
  readonly trusted: boolean;
  readonly network: string;
  /** An answer on it says that it is the last one. */
  closing: boolean;
}

/** What the entrypoint does for its exchanges. */
export interface ExchangeHost {
  /** Answers should ask the client to close the connection. */
  readonly draining: boolean;
  /** Writes the refusal of `exchange.reason` and sets `status` and `bytesOut`. */
  refuse(exchange: Exchange, reason: ReasonCode): void;
  /** Answers a preflight with these headers, and sets `status`. */
  answerPreflight(exchange: Exchange, headers: readonly string[]): void;
  /** The answer is ended before its request was whole: takes the rest off the connection, or closes it. */
  drainBody(exchange: Exchange): void;
  /** Decides the request again, by what is in use now. */
  decideAgain(exchange: Exchange): Decision | Promise<Decision>;
  /** Whether what was granted to it at `grantedAtMs` (since the epoch) may have been revoked since. */
  mayBeRevoked(exchange: Exchange, granted: Allow, grantedAtMs: number): boolean;
  /** Called once, when client and gateway are done with each other. */
  ended(exchange: Exchange): void;
}

const exchangeOf = Symbol('exchange');
type ExchangeAnswer = ClientAnswer & { [exchangeOf]?: Exchange };

export class Exchange implements RequestRecord {
  decision: Decision | null = null;
  status = 0;
  reason: ReasonCode | null = null;
  errorId: string | null = null;
  requestId = '';
  client = '';
  /** Who counts as one client with it. */
  party = '';
  target: string | null = null;
  aborted = false;
  cut = false;
  readonly startedAt: number;
  decidedAt = 0;
  answeredAt = 0;
  endedAt = 0;
  bytesIn = 0;
  bytesOut = 0;
  cause: unknown = null;

  readonly from: Origin;
  readonly req: ClientRequest;
  readonly res: ClientAnswer;
  readonly entrypoint: ExchangeHost;
  /** Declared length of the request body: 0 without one, -1 when it is chunked. */
  readonly bodyLength: number;
  /** The client waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean;
  /** Client and gateway are done with each other. */
  over = false;
  private refused = false;

  constructor(entrypoint: ExchangeHost, from: Origin, req: ClientRequest, res: ClientAnswer, expectsContinue: boolean) {
    this.startedAt = performance.now();
    this.entrypoint = entrypoint;
    this.from = from;
    this.req = req;
    this.res = res;
    this.expectsContinue = expectsContinue;
    this.bodyLength = declaredLength(req);
    (res as ExchangeAnswer)[exchangeOf] = this;
    res.on('close', onClose);
  }

  get door(): 'proxy' | 'upgrade' {
    return 'proxy';
  }

  get method(): string {
    return this.req.method ?? '';
  }

  get memory(): LogMemory {
    return this.from;
  }

  get path(): string {
    return this.decision?.request?.path ?? '';
  }

  get host(): string {
    return this.decision?.request?.host ?? '';
  }

  /** Its answer tells the client that the connection ends. */
  get closesConnection(): boolean {
    const { from } = this;
    // While draining not before the last of several that were pipelined: the others are under way and would be lost.
    return from.final === this || (this.entrypoint.draining && from.latest === this);
  }

  /** Part of the request body has not arrived yet. */
  get bodyPending(): boolean {
    return this.bodyLength !== 0 && !this.req.complete;
  }

  /**
   * The request cannot be served. Before an answer began the client gets the refusal; after that its connection is
   * broken, because an answer that ends well would look complete.
   */
  fail(reason: ReasonCode, cause: unknown = null): void {
    if (this.over) return;
    // Refused already: only the rest of its body was still being read.
    if (this.refused) {
      this.req.socket.destroySoon();
      return;
    }
    this.reason = reason;
    if (cause !== null) this.cause = cause;
    if (this.status !== 0) {
      this.breakOff();
      return;
    }
    this.refused = true;
    this.errorId = randomUUID();
    this.entrypoint.refuse(this, reason);
  }

  /** Breaks the client's connection in the middle of an answer. */
  protected breakOff(): void {
    this.cut = true;
    // The socket and not the response: behind a pipelined one, the response has no socket yet.
    this.req.socket.destroy();
  }

  /** See `InFlight`. */
  clientEnded(): void {}

  /** The client is gone, or has its whole answer. Whatever still runs for it is let go. */
  protected release(): void {}

  /** The client was sent everything. */
  protected get finished(): boolean {
    return this.res.writableFinished;
  }

  closed(): void {
    if (this.over) return;
    this.over = true;
    this.endedAt = performance.now();
    if (!this.cut && !this.finished) this.aborted = true;
    this.release();
    this.from.requestEnded(this);
    this.entrypoint.ended(this);
  }
}

/** One listener for all; which exchange it is stands on the response. */
function onClose(this: unknown): void {
  (this as ExchangeAnswer)[exchangeOf]?.closed();
}

function declaredLength({ source }: ClientRequest): number {
  if (source === null) return 0;
  const { headers } = source;
  if (headers['transfer-encoding'] !== undefined) return -1;
  const length = headers['content-length'];
  return length === undefined ? 0 : Number(length);
}
