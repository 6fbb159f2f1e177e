/** The response to a check over gRPC: the head and body that the request line writes become one verdict. */
import { type sendUnaryData, status } from '@grpc/grpc-js';
import { isSendable } from '../../http1/grammar/fields.ts';
import type { RequestEvents } from '../../http1/server/request.ts';
import type { WholeResponse } from '../../http1/server/whole-response.ts';
import type { ManagedHeader } from '../dialect.ts';
import type { VerdictMessage } from './messages.ts';
import { allowed, type Decided, denied } from './verdict.ts';

export class CheckReply implements WholeResponse {
  status = 0;
  ended = false;
  finished = false;
  events: RequestEvents | null = null;
  /** Facts of the check for the verdict. */
  decided: Decided = { decision: null, reason: null, errorId: null };
  readonly #send: sendUnaryData<VerdictMessage>;
  #headers: readonly string[] = [];

  constructor(send: sendUnaryData<VerdictMessage>) {
    this.#send = send;
  }

  /** Allows the request: the only method that does. */
  allow(managed: readonly ManagedHeader[]): void {
    checkSendable(managed.map(({ value }) => value ?? ''));
    this.status = 200;
    this.#reply(allowed(managed, this.decided));
  }

  writeHead(code: number, _statusText: string | null, headers: readonly string[]): void {
    checkSendable(headers);
    this.status = code;
    this.#headers = headers;
  }

  end(body: string | null = null): number {
    if (this.ended) return 0;
    this.#reply(denied(this.status, this.#headers, body ?? '', this.decided));
    return body?.length ?? 0;
  }

  /** Fails the call: its caller gets no verdict. */
  break(): void {
    if (this.ended) return;
    this.ended = true;
    this.#send({ code: status.PERMISSION_DENIED });
  }

  /** The call has ended; called by the server. */
  callEnded(): void {
    this.finished = this.ended;
    this.events?.closed();
  }

  #reply(verdict: VerdictMessage): void {
    this.ended = true;
    this.#send(null, verdict);
  }
}

function checkSendable(texts: readonly string[]): void {
  if (!texts.every(isSendable)) throw new TypeError('The verdict has a header that is not valid HTTP');
}
