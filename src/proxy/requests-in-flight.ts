/** The requests of the proxy that have not ended: each is counted, served, and observed when it ends. */
import type { ClientResponse } from '../http1/server/client-response.ts';
import type { Request } from '../http1/server/request.ts';
import type { ConnectionFault } from '../http1/server/server.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { Client } from '../request-line/client.ts';
import { reasonOfFault } from '../request-line/refuse-connection.ts';
import { RequestContext, type RequestHost } from '../request-line/request-context.ts';
import type { ServeParts } from '../request-line/runtime.ts';
import { serve } from '../request-line/serve.ts';
import type { ObserveRequest } from '../telemetry/request-record.ts';
import type { IgnoredForwarding } from './ignored-forwarding.ts';

export class RequestsInFlight implements RequestHost {
  /** Requests and tunnels. */
  count = 0;
  /** WebSockets and their requests. */
  readonly #upgrades = new Set<RequestContext<WholeResponse>>();
  readonly #parts: ServeParts;
  readonly #observe: ObserveRequest;
  readonly #ignored: IgnoredForwarding;

  constructor(parts: ServeParts, observe: ObserveRequest, ignored: IgnoredForwarding) {
    this.#parts = parts;
    this.#observe = observe;
    this.#ignored = ignored;
  }

  readonly begin = (request: Request, response: ClientResponse, client: Client): void => {
    const context = this.#newContext(request, response, client);
    if (request.upgrade === 'websocket') this.#upgrades.add(context);
    this.#ignored.notice(client, request.rawHeaders, this.#parts.runtime.rules.forwardedHeaders);
    serve(context, this.#parts);
  };

  /** A request that is refused regardless of its meaning. */
  readonly refuse = (request: Request, response: ClientResponse, client: Client, fault: ConnectionFault): void => {
    this.#newContext(request, response, client).fail(reasonOfFault(fault));
  };

  #newContext(request: Request, response: ClientResponse, client: Client): RequestContext {
    this.count += 1;
    return new RequestContext(this, request, response, client);
  }

  ended(context: RequestContext<WholeResponse>): void {
    this.count -= 1;
    this.#upgrades.delete(context);
    this.#observe(context);
  }

  /** Ends WebSockets at once, with a Close frame to both sides, because the process drains; other requests may finish. */
  endTunnels(): void {
    for (const upgrade of [...this.#upgrades]) upgrade.endAccess('draining');
  }
}
