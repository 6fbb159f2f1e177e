/**
 * The requests that wait for a connection, in their order, and the opening of connections for them. A waiting request holds no
 * connection, and a connection that cannot be opened fails the request for which it was opened.
 */
import type { ClientError } from './client-error.ts';
import type { Connection } from './connection.ts';
import type { OpenConnections } from './open-connections.ts';
import type { OutgoingRequest, ResponseHandler } from './request.ts';

interface Waiting {
  readonly request: OutgoingRequest;
  readonly handler: ResponseHandler;
}

export class RequestQueue {
  readonly waiting: Waiting[] = [];
  readonly #connections: OpenConnections;
  readonly #opened: (connection: Connection) => void;
  readonly #failed: () => void;

  /** `opened`: a connection was opened for them. `failed`: one could not be opened. */
  constructor(connections: OpenConnections, opened: (connection: Connection) => void, failed: () => void) {
    this.#connections = connections;
    this.#opened = opened;
    this.#failed = failed;
  }

  /** Opens a connection for the request, which takes the first one that becomes free. False: there is no room for another connection. */
  add(request: OutgoingRequest, handler: ResponseHandler): boolean {
    const waiting = { request, handler };
    this.waiting.push(waiting);
    if (this.#connections.full) return false;
    this.#connectFor(waiting);
    return true;
  }

  /** Gives the connection to the first request of its group that is still wanted. */
  serve(connection: Connection): boolean {
    for (;;) {
      const at = this.waiting.findIndex(({ request }) => request.group === connection.group);
      if (at < 0) return false;
      const [next] = this.waiting.splice(at, 1);
      if (connection.send(next!.request, next!.handler)) return true;
    }
  }

  /** Opens a connection for the first request, if there is room. */
  connect(): void {
    const next = this.waiting[0];
    if (next !== undefined && !this.#connections.full) this.#connectFor(next);
  }

  /** Fails all of them. */
  fail(error: ClientError): void {
    for (const { handler } of this.waiting.splice(0)) handler.onResponseError(error);
  }

  #connectFor(waiting: Waiting): void {
    this.#connections.open(waiting.request, false, this.#opened, (error) => {
      const at = this.waiting.indexOf(waiting);
      if (at >= 0) {
        this.waiting.splice(at, 1);
        waiting.handler.onResponseError(error);
      }
      this.connect();
      this.#failed();
    });
  }
}
