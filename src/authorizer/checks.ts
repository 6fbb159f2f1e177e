/**
 * The steps of every check, over HTTP or gRPC: the request line, and a deadline. Entrypoints differ in how they read a check and how they
 * allow its request.
 */
import type { AuthorizerConfig, ServerConfig } from '../config/config.ts';
import { type Decision, type Metadata, type Preflight, refuse } from '../core/decision.ts';
import { appendRequestHeaders } from '../core/forwarding/request-headers.ts';
import type { RequestView } from '../core/request/request-view.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import { DeadlineWheel } from '../http1/deadline-wheel.ts';
import type { Request } from '../http1/server/request.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { Client } from '../request-line/client.ts';
import { completeRequest } from '../request-line/complete-request.ts';
import type { LoadShedder } from '../request-line/load-shedder.ts';
import { RequestContext, type RequestHost } from '../request-line/request-context.ts';
import type { Forward, RequestRuntime } from '../request-line/runtime.ts';
import { serve } from '../request-line/serve.ts';
import type { ObserveRequest } from '../telemetry/request-record.ts';
import { allowedMs, CheckDeadline } from './check-deadline.ts';
import type { ManagedHeader } from './dialect.ts';
import { type ManagedName, managedHeaders } from './managed-headers.ts';
import { proxiedFault } from './proxied-request.ts';
import type { ReadCheck } from './read-check.ts';

/** A check in the form of the request line. */
export type Checked = RequestContext<WholeResponse>;

/** With the headers that responses to checks manage. */
export interface CheckRuntime extends RequestRuntime {
  readonly managed: readonly ManagedName[];
}

export interface ChecksOptions {
  readonly runtime: CheckRuntime;
  readonly settings: AuthorizerConfig;
  readonly limits: ServerConfig['limits'];
  /** Called for each check, so that a reload takes effect. */
  readonly trustedProxies: TrustedProxies;
  readonly observe: ObserveRequest;
  /** Refuses a share of the checks while the process falls behind. */
  readonly shedder: Pick<LoadShedder, 'refuses' | 'refusesToWait'>;
}

/** How a request is allowed for one kind of proxy. */
export interface Finishing {
  /** Never allows: the check was already refused, and the proxy requests the whole refusal. */
  readonly refusesOnly: boolean;
  /** Writes the response that allows the request. */
  allow(context: Checked, managed: readonly ManagedHeader[]): void;
}

export interface Checks {
  readonly settings: AuthorizerConfig;
  /** Decides all later checks. */
  use(runtime: CheckRuntime, settings: AuthorizerConfig): void;
  /** No further WebSocket may begin. */
  beginDrain(): void;
  /** Responds with a page of the gateway, which a proxy requests for a client; false: there is none with this target. */
  showPage(context: Checked): boolean;
  /** A check that ends with `fail`, `break` or `serve`. */
  take(dialect: NonNullable<RequestHost['dialect']>, request: Request, response: WholeResponse, peer: Client): Checked;
  /** Decides, and responds before the proxy gives up. */
  serve(context: Checked, read: Pick<ReadCheck, 'waitsMs'>, finishing: Finishing): void;
}

/** Deadlines of checks are short, so they may be late by only a few milliseconds. */
const tickMs = 5;

export function createChecks(options: ChecksOptions): Checks {
  const { limits, shedder, trustedProxies, observe } = options;
  const deadlines = new DeadlineWheel(tickMs);
  /** Deadlines of checks that wait for the source. */
  const waiting = new Map<Checked, CheckDeadline>();

  function ended(context: Checked): void {
    waiting.get(context)?.cancel();
    waiting.delete(context);
    observe(context);
  }

  let { settings, runtime } = options;
  const parts = {
    runtime: withoutUnknown(options.runtime),
    limits,
    trustedProxies,
    draining: false,
    shedder,
    usesUpstreams: false,
    respond: refuseOwnResponse,
  };

  return {
    get settings() {
      return settings;
    },
    use(nextRuntime, nextSettings) {
      settings = nextSettings;
      runtime = nextRuntime;
      parts.runtime = withoutUnknown(nextRuntime);
    },
    beginDrain() {
      parts.draining = true;
    },
    showPage(context) {
      const { ownPages, rules } = runtime;
      if (!ownPages?.serves(context.request.target)) return false;
      const { address } = context.peer;
      const isProxy = (one: string) => one === address || trustedProxies(one);
      ownPages
        .serve(context, isProxy, rules.forwardedHeaders)
        .catch((cause: unknown) => context.fail('internal_error', cause));
      return true;
    },
    take: (dialect, request, response, peer) => new RequestContext({ ended, dialect }, request, response, peer),
    serve(context, { waitsMs }, finishing) {
      serve(context, { ...parts, forward: allowBy(finishing, parts.runtime.managed) });
      if (context.over || context.response.ended) return;
      const atMs = context.startedAt + allowedMs(waitsMs, settings.timeoutMs);
      waiting.set(context, new CheckDeadline(deadlines, atMs, () => context.fail('auth_timeout')));
    },
  };
}

/**
 * A client without an address meets no address condition, and limits cannot count it. A page of the gateway is no response to a check: its
 * 200 would let the checked request through.
 */
function withoutUnknown(runtime: CheckRuntime): CheckRuntime {
  return {
    ...runtime,
    ownPages: null,
    decide(view: RequestView) {
      if (view.address !== '') return runtime.decide(view, runtime.policy, runtime.resolve);
      const { client: _, ...rest } = view;
      return runtime.decide({ ...rest, address: null }, runtime.policy, runtime.resolve);
    },
  };
}

/** How an allowed check ends: with headers for the service, or with a refusal. */
function allowBy({ allow, refusesOnly }: Finishing, managed: readonly ManagedName[]): Forward<WholeResponse> {
  return (context, decision, runtime, facts) => {
    const { request } = context;
    const { rules } = runtime;
    // If a proxy requests the refusal of an allowed request, it could not reach its service, or access was granted after its check.
    const fault =
      proxiedFault(request, decision, rules, context.peer.trusted) ??
      (refusesOnly ? 'proxied_service_unavailable' : null);
    if (fault !== null) {
      refuseAfter(context, decision, fault);
      return undefined;
    }
    const write = () => {
      const forwarded: string[] = [];
      appendRequestHeaders(forwarded, rules, decision, request.rawHeaders, facts);
      if (context.assertion !== null) forwarded.push(rules.assertionHeader!, context.assertion);
      if (context.token !== null) forwarded.push('authorization', `Bearer ${context.token}`);
      allow(context, managedHeaders(managed, forwarded));
    };
    return completeRequest(context, runtime, decision, write);
  };
}

/** A response of the gateway itself would be a success, which would allow the request. */
function refuseOwnResponse(context: Checked, decision: Preflight | Metadata): void {
  refuseAfter(context, decision, decision.outcome === 'preflight' ? 'method_not_allowed' : 'route_not_found');
}

function refuseAfter(context: Checked, decision: Decision, reason: Parameters<typeof refuse>[1]): void {
  context.decision = refuse(decision, reason);
  context.fail(reason);
}
