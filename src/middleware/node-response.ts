/** A `node:http` response for the request line: refusals, preflights and metadata; the application writes the rest. */
import type { ServerResponse } from 'node:http';
import type { RequestEvents } from '../http1/server/request.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';

export class NodeResponse implements WholeResponse {
  events: RequestEvents | null = null;
  readonly #response: ServerResponse;
  /** Status of an upgrade whose response is not written here; 0: it is. */
  #handedOver = 0;
  #finished = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.once('finish', () => {
      this.#finished = true;
    });
    response.once('close', () => this.events?.closed());
  }

  get status(): number {
    return this.#response.headersSent ? this.#response.statusCode : this.#handedOver;
  }

  get ended(): boolean {
    return this.#response.writableEnded;
  }

  get finished(): boolean {
    return this.#finished || this.#handedOver !== 0;
  }

  /** `headers`: alternating names and values. Headers that the application or its framework set earlier are removed. */
  writeHead(status: number, statusText: string | null, headers: readonly string[]): void {
    for (const name of this.#response.getHeaderNames()) this.#response.removeHeader(name);
    if (statusText === null) this.#response.writeHead(status, [...headers]);
    else this.#response.writeHead(status, statusText, [...headers]);
  }

  /** For the response that the application will write: alternating names and values. */
  addHeaders(headers: readonly string[]): void {
    for (let i = 0; i + 1 < headers.length; i += 2) this.#response.appendHeader(headers[i]!, headers[i + 1]!);
  }

  /** Returns the bytes of the part that are sent. */
  end(part: string | null = null): number {
    const bytes = part === null || this.#response.req.method === 'HEAD' ? 0 : part.length;
    this.#response.end(part ?? undefined, 'latin1');
    return bytes;
  }

  /** The application has taken the connection over. */
  handOver(): void {
    this.#handedOver = 101;
    this.events?.closed();
  }

  break(): void {
    this.#response.destroy();
    this.#response.req.socket.destroy();
  }
}
