/**
 * One HTTP exchange with the Auth API: a GET with a deadline over the whole of it, a bounded body, and no redirects. What
 * comes back is a complete answer or the way in which there was none; nothing is judged here.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { SourceFailure } from '../../../core/identity/identity.ts';

/** Longest body that is read. */
export const maxAnswerBytes = 65_536;

export interface HttpAnswer {
  readonly status: number;
  /** Each a text, also one that came in several lines. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Why there is no usable result, without the URL. `request` says nothing about the Auth API: our side could not write it. */
export type Failure = Omit<SourceFailure, 'url'>;

/** Asks once; never rejects. `headers` are names and values in turn. */
export function exchange(
  dispatcher: Dispatcher,
  path: string,
  headers: string[],
  timeoutMs: number,
): Promise<HttpAnswer | Failure> {
  return new Promise((settle) => {
    new Exchange(dispatcher, path, headers, timeoutMs, settle).send();
  });
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #dispatcher: Dispatcher;
  readonly #path: string;
  readonly #headers: string[];
  readonly #settle: (result: HttpAnswer | Failure) => void;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | null = null;
  #settled = false;
  #retried = false;
  #status = 0;
  #answerHeaders: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    dispatcher: Dispatcher,
    path: string,
    headers: string[],
    timeoutMs: number,
    settle: (result: HttpAnswer | Failure) => void,
  ) {
    this.#dispatcher = dispatcher;
    this.#path = path;
    this.#headers = headers;
    this.#settle = settle;
    this.#timer = setTimeout(
      () => this.#giveUp({ kind: 'timeout', detail: `no response within ${Math.round(timeoutMs)} ms` }),
      timeoutMs,
    );
  }

  send(): void {
    // The timer above is the deadline: the dispatcher's own ones are coarser and count parts of the exchange.
    this.#dispatcher.dispatch(
      { method: 'GET', path: this.#path, headers: this.#headers, headersTimeout: 0, bodyTimeout: 0 },
      this,
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Its turn on a connection came too late.
    if (this.#settled) controller.abort(new Error('deadline'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Interim answers (1xx) come here too; the final one replaces them.
    this.#status = status;
    this.#answerHeaders = joined(headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > maxAnswerBytes) this.#giveUp({ kind: 'body', detail: `longer than ${maxAnswerBytes} bytes` });
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#finish({ status: this.#status, headers: this.#answerHeaders, body: Buffer.concat(this.#chunks) });
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    // An idle connection may be closed just as it is used again; a GET may be repeated (RFC 9110 section 9.2.2).
    if (!this.#settled && !this.#retried && this.#status === 0 && brokenConnection.has(codeOf(error))) {
      this.#retried = true;
      this.#controller = null;
      this.send();
      return;
    }
    this.#finish(failureOf(error));
  }

  #giveUp(failure: Failure): void {
    this.#finish(failure);
    this.#controller?.abort(new Error(failure.kind));
  }

  #finish(result: HttpAnswer | Failure): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#chunks = [];
    this.#settle(result);
  }
}

/** A header that comes in several lines as the one list that it is (RFC 9110 section 5.3). */
function joined(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const lines = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]);
  return Object.fromEntries(lines) as IncomingHttpHeaders;
}

const brokenConnection: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

const notHttp: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);
const certificate = /^(?:ERR_TLS_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;

function failureOf(error: Error): Failure {
  const code = codeOf(error);
  if (code === 'UND_ERR_INVALID_ARG') return { kind: 'request', detail: 'a path or header that HTTP cannot carry' };
  // By its name: the class would be the only reason to load the library here.
  if (error.name === 'HTTPParserError' || notHttp.has(code)) return { kind: 'protocol', detail: 'no valid HTTP/1.1' };
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return { kind: 'timeout', detail: 'no connection in time' };
  return { kind: certificate.test(code) ? 'certificate' : 'connection', detail: code };
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}
