/**
 * One HTTP exchange with a source: one deadline for all of it, a bounded body, no redirects and no cookies. The result is a complete
 * response or the failure; nothing is evaluated here.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { SourceFailure } from '../../../core/identity/identity.ts';

/** Maximum size of a body. */
export const maxBodyBytes = 65_536;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query. */
  readonly path: string;
  /** Alternating names and values. */
  readonly headers: string[];
  readonly body: string | null;
}

export interface HttpResponse {
  readonly status: number;
  /** Each value is one text, even if it arrived in several lines. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Why there is no usable result, without the URL. `request` does not concern the source: the request could not be written. */
export type Failure = Pick<SourceFailure, 'kind' | 'detail'>;

/** A connection that broke before any byte of a response. */
export interface BrokenConnection extends Failure {
  readonly broken: true;
}

/** Never rejects. `origin`: for a dispatcher of several origins. `maxBytes`: of the body. */
export function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  timeoutMs: number,
  origin?: string,
  maxBytes = maxBodyBytes,
): Promise<HttpResponse | Failure | BrokenConnection> {
  return new Promise((settle) => {
    new Exchange(timeoutMs, maxBytes, settle).send(dispatcher, request, origin);
  });
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #settle: (result: HttpResponse | Failure | BrokenConnection) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #maxBytes: number;
  #controller: Dispatcher.DispatchController | null = null;
  #settled = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    timeoutMs: number,
    maxBytes: number,
    settle: (result: HttpResponse | Failure | BrokenConnection) => void,
  ) {
    this.#settle = settle;
    this.#maxBytes = maxBytes;
    this.#timer = setTimeout(
      () => this.#giveUp({ kind: 'timeout', detail: `no response within ${Math.round(timeoutMs)} ms` }),
      timeoutMs,
    );
  }

  send(dispatcher: Dispatcher, { method, path, headers, body }: HttpRequest, origin: string | undefined): void {
    // The timer above is the deadline: the dispatcher's own timers are coarser and cover only parts of the exchange.
    const options = { method, path, headers, body, headersTimeout: 0, bodyTimeout: 0 };
    dispatcher.dispatch(origin === undefined ? options : { ...options, origin }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Its turn on a connection came too late.
    if (this.#settled) controller.abort(new Error('deadline'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Interim responses (1xx) arrive here too; the final one replaces them.
    this.#status = status;
    this.#headers = joined(headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.#giveUp({ kind: 'body', detail: `longer than ${this.#maxBytes} bytes` });
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#finish({ status: this.#status, headers: this.#headers, body: Buffer.concat(this.#chunks) });
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const broken = this.#status === 0 && brokenConnection.has(codeOf(error));
    this.#finish(broken ? { ...failureOf(error), broken } : failureOf(error));
  }

  #giveUp(failure: Failure): void {
    this.#finish(failure);
    this.#controller?.abort(new Error(failure.kind));
  }

  #finish(result: HttpResponse | Failure | BrokenConnection): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#chunks = [];
    this.#settle(result);
  }
}

/** Joins a repeated header into one list (RFC 9110 section 5.3). */
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
  // By its name, because checking the class would require loading the library here.
  if (error.name === 'HTTPParserError' || notHttp.has(code)) return { kind: 'protocol', detail: 'no valid HTTP/1.1' };
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return { kind: 'timeout', detail: 'no connection in time' };
  return { kind: certificate.test(code) ? 'certificate' : 'connection', detail: code };
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}
