/** The requests of the proxy that have not ended: each is counted, served, and observed when it ends. */
import type { Request } from '../http1/server/request.ts';
import type { Response } from '../http1/server/response.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { Client } from '../request-line/client.ts';
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

  readonly begin = (request: Request, response: Response, client: Client): void => {
    const context = new RequestContext(this, request, response, client);
    this.count += 1;
    if (request.upgrade === 'websocket') this.#upgrades.add(context);
    this.#ignored.notice(client, request.rawHeaders, this.#parts.runtime.rules.forwardedHeaders);
    serve(context, this.#parts);
  };

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
