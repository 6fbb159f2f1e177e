/**
 * One request of a client as the proxy knows it: the record that telemetry reads, and how it ends. Forwarding it adds an `Exchange`.
 */
import { randomUUID } from 'node:crypto';
import type { Decision } from '../core/decision.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { traceIdOf } from '../core/request/trace-parent.ts';
import { isNamed } from '../core/syntax/header-fields.ts';
import type { ClientResponse } from '../http1/server/client-response.ts';
import type { Request, RequestEvents, RequestFault } from '../http1/server/request.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { RequestRecord, RequestTrace } from '../telemetry/request-record.ts';
import { type Client, knownAddress } from './client.ts';
import { refuseRequest, type writeRefusal } from './own-response.ts';
import { reasonOfFault } from './refuse-connection.ts';

/** What a request needs from the proxy. */
export interface RequestHost {
  /** If unset, it is derived from the request. */
  readonly entrypoint?: 'middleware';
  /** The last call: the exchange with the client has ended. */
  ended(context: RequestContext<WholeResponse>): void;
  /** For an external authorizer: how another proxy checks and is refused. If unset, the proxy serves the client itself. */
  readonly dialect?: {
    readonly name: string;
    /** Instead of the default one. */
    readonly writeRefusal?: typeof writeRefusal;
  };
}

/** The part of a forwarded request that reacts to its client. */
export interface ForwardedRequest {
  /** Stops everything that runs for it. */
  stop(): void;
  drained(): void;
  /** Its access has ended. */
  endAccess(reason: ReasonCode): void;
}

/** `R`: checks of other proxies and applications have their own response types. */
export class RequestContext<R extends WholeResponse = ClientResponse> implements RequestRecord, RequestEvents {
  decision: Decision | null = null;
  reason: ReasonCode | null = null;
  errorId: string | null = null;
  requestId = '';
  trace: RequestTrace | null = null;
  /** Headers of every response to it: alternating names and values. */
  returned: readonly string[] = [];
  client: string;
  /** How the client reached the gateway, or a trusted proxy in front. */
  proto: 'http' | 'https' = 'http';
  clientKey: string;
  /** It comes from a proxy that reports no client. */
  unnamed = false;
  /** The signed identity for the service; null: none. */
  assertion: string | null = null;
  /** Token of the session for the service; null: none. */
  token: string | null = null;
  /** Where a refused request can be repeated; null: not known. */
  location: string | null = null;
  /** JSON body of a refusal instead of problem details; null: problem details. */
  refusalBody: Readonly<Record<string, string>> | null = null;
  target: string | null = null;
  aborted = false;
  cut = false;
  readonly startedAt: number = performance.now();
  decidedAt = 0;
  respondedAt = 0;
  endedAt = 0;
  bytesIn = 0;
  bytesOut = 0;
  cause: unknown = null;

  readonly peer: Client;
  readonly request: Request;
  readonly response: R;
  /** Null: it is not forwarded. */
  forwarded: ForwardedRequest | null = null;
  /** The exchange with the client has ended. */
  over = false;
  readonly #host: RequestHost;

  constructor(host: RequestHost, request: Request, response: R, peer: Client) {
    this.#host = host;
    this.request = request;
    this.response = response;
    this.peer = peer;
    this.client = knownAddress(peer);
    this.clientKey = peer.network;
    response.events = this;
  }

  get entrypoint(): RequestRecord['entrypoint'] {
    if (this.#host.entrypoint !== undefined) return this.#host.entrypoint;
    if (this.dialect !== null) return 'authorizer';
    return this.request.upgrade === 'websocket' ? 'upgrade' : 'proxy';
  }

  get dialect(): string | null {
    return this.#host.dialect?.name ?? null;
  }

  /** 0: no response has begun. */
  get status(): number {
    return this.response.status;
  }

  get method(): string {
    return this.request.method;
  }

  get userAgent(): string {
    const { rawHeaders } = this.request;
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      if (isNamed(rawHeaders[i]!, 'user-agent')) return rawHeaders[i + 1]!;
    }
    return '';
  }

  /** Without tracing, a service receives what the client sent. */
  get traceId(): string | null {
    return this.trace === null ? traceIdOf(this.request.rawHeaders) : this.trace.traceId;
  }

  get path(): string {
    return this.decision?.request?.path ?? '';
  }

  get host(): string {
    return this.decision?.request?.host ?? '';
  }

  /** Client key that is charged for memory; null: none, as behind a proxy that reports no client. */
  get memoryKey(): string | null {
    return this.unnamed ? null : this.clientKey;
  }

  /**
   * The request cannot be served. Before a response began the client gets the refusal; after that its connection is broken, because a
   * proper end would look like a complete response.
   */
  fail(reason: ReasonCode, cause: unknown = null): void {
    if (this.over) return;
    this.forwarded?.stop();
    if (this.response.ended) return;
    this.reason = reason;
    if (cause !== null) this.cause = cause;
    if (this.status === 0) {
      this.errorId = randomUUID();
      this.bytesOut = refuseRequest(this, reason, this.errorId, this.#host.dialect?.writeRefusal);
    } else {
      this.break();
    }
  }

  break(): void {
    this.cut = true;
    this.response.break();
  }

  /** Its access has ended: a tunnel notifies both sides, anything else is refused or broken. */
  endAccess(reason: ReasonCode): void {
    if (this.forwarded === null) this.fail(reason);
    else this.forwarded.endAccess(reason);
  }

  requestFailed(fault: RequestFault): void {
    if (fault === 'unread') this.aborted = true;
    this.fail(reasonOfFault(fault));
  }

  drained(): void {
    this.forwarded?.drained();
  }

  closed(): void {
    this.end(this.response.finished);
  }

  /** `finished`: the client was sent everything. */
  end(finished: boolean): void {
    if (this.over) return;
    this.over = true;
    this.endedAt = performance.now();
    if (!this.cut && !finished) this.aborted = true;
    this.forwarded?.stop();
    this.#host.ended(this);
  }
}
