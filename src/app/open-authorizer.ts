/** Makes the entrypoint for other proxies of the rooms that it takes part in. */
import { type Authorizer, createAuthorizer, type Deciding, type RequestLine } from '../authorizer/create-authorizer.ts';
import type { Config } from '../config/config.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import type { Deadlines } from '../http1/deadline-wheel.ts';
import { clientOf } from '../proxy/client.ts';
import { LoadShedder } from '../proxy/load-shedder.ts';
import { refuseConnection } from '../proxy/refuse-connection.ts';
import { RequestContext } from '../proxy/request-context.ts';
import { serve } from '../proxy/serve.ts';
import { withAssertion } from '../proxy/with-assertion.ts';
import type { Telemetry } from '../telemetry/create-telemetry.ts';

export interface AuthorizerPlace {
  readonly shared: boolean;
  readonly gateway: Deciding;
  readonly trustedProxies: TrustedProxies;
  readonly deadlines: Deadlines;
  readonly telemetry: Pick<Telemetry, 'observe' | 'log'>;
}

/** One line in this time says that someone may not ask: a proxy that is set up wrongly asks at every request. */
const warnEveryMs = 10_000;

const why = {
  peer: 'a connection to the authorizer was closed: its address is not in "authorizer.peers"',
  secret: 'a check got no response: it does not have the secret of "authorizer.secret"',
} as const;

const line: RequestLine = {
  serve,
  refuseConnection,
  clientOf,
  withAssertion,
  newContext: (host, request, response, peer) => new RequestContext(host, request, response, peer),
};

export function openAuthorizer(config: Config, place: AuthorizerPlace): Authorizer {
  const { telemetry, ...parts } = place;
  const { authorizer, server } = config;
  if (authorizer === null) throw new Error('no proxy asks by this configuration');
  let warnedAt = Number.NEGATIVE_INFINITY;
  return createAuthorizer({
    ...parts,
    settings: authorizer,
    limits: server.limits,
    line,
    shedder: new LoadShedder(server.limits.eventLoopLagMs),
    observe: telemetry.observe,
    turnedAway(cause, address) {
      const now = performance.now();
      if (now - warnedAt < warnEveryMs) return;
      warnedAt = now;
      telemetry.log.warn({ client: address }, why[cause]);
    },
  });
}
