/**
 * Every metric of Rolegate's own: name, type, labels and help. `docs/reference/metrics.md` lists the same, and a test
 * compares them. Labels hold only what the configuration or a fixed list names (route ids, upstreams and their targets,
 * methods, statuses, reasons): never a path, a user, a key or anything else that a client chooses.
 */

export interface MetricDefinition {
  readonly name: `rolegate_${string}`;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds in seconds, ascending; `+Inf` is added. Histograms only. */
  readonly buckets?: readonly number[];
}

/** From an upstream's fastest answer to the longest timeout that makes sense. */
const exchangeSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
/** A warm decision takes microseconds, a cold one waits for the Auth API. */
const decisionSeconds = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
] as const;

export const metricsCatalog = {
  requests: {
    name: 'rolegate_requests_total',
    type: 'counter',
    labels: ['route', 'method', 'status', 'outcome'],
    help: 'Requests that ended, by the status that the client was sent.',
  },
  refusals: {
    name: 'rolegate_refusals_total',
    type: 'counter',
    labels: ['route', 'reason'],
    help: 'Requests that ended with a reason: refused, or failed while they were forwarded.',
  },
  requestDuration: {
    name: 'rolegate_request_duration_seconds',
    type: 'histogram',
    labels: ['route'],
    help: 'Time from the received headers of a request to the end of its answer.',
    buckets: exchangeSeconds,
  },
  decisionDuration: {
    name: 'rolegate_decision_duration_seconds',
    type: 'histogram',
    labels: ['source'],
    help: 'Time from the received headers of a request to its decision, by where the verdict came from.',
    buckets: decisionSeconds,
  },
  upstreamDuration: {
    name: 'rolegate_upstream_duration_seconds',
    type: 'histogram',
    labels: ['upstream'],
    help: 'Time from the decision to the beginning of the answer of the upstream.',
    buckets: exchangeSeconds,
  },
  bytesReceived: {
    name: 'rolegate_received_body_bytes_total',
    type: 'counter',
    labels: ['route'],
    help: 'Bytes of request bodies.',
  },
  bytesSent: {
    name: 'rolegate_sent_body_bytes_total',
    type: 'counter',
    labels: ['route'],
    help: 'Bytes of answer bodies.',
  },
  aborted: {
    name: 'rolegate_requests_aborted_total',
    type: 'counter',
    labels: ['route'],
    help: 'Requests whose client went away before the answer was whole.',
  },
  cut: {
    name: 'rolegate_answers_cut_total',
    type: 'counter',
    labels: ['route'],
    help: 'Answers of upstreams that broke off after they had begun.',
  },
  requestsInFlight: {
    name: 'rolegate_requests_in_flight',
    type: 'gauge',
    labels: [],
    help: 'Requests that are being answered now.',
  },
  tunnels: {
    name: 'rolegate_tunnels_open',
    type: 'gauge',
    labels: [],
    help: 'Upgraded connections (WebSocket) that are open now.',
  },
  connections: {
    name: 'rolegate_connections_open',
    type: 'gauge',
    labels: [],
    help: 'Connections of clients that are open now.',
  },
  verdicts: {
    name: 'rolegate_verdicts_total',
    type: 'counter',
    labels: ['source', 'outcome'],
    help: 'Lookups of a credential, by where the verdict came from.',
  },
  staleVerdicts: {
    name: 'rolegate_stale_verdicts_total',
    type: 'counter',
    labels: [],
    help: 'Verdicts past their life that were served because the Auth API was out of reach.',
  },
  authApiCalls: {
    name: 'rolegate_auth_api_calls_total',
    type: 'counter',
    labels: ['kind', 'outcome'],
    help: 'Calls to the Auth API, by kind of credential.',
  },
  authApiDuration: {
    name: 'rolegate_auth_api_call_duration_seconds',
    type: 'histogram',
    labels: ['kind'],
    help: 'Time from sending a call to the Auth API to its judged answer.',
    buckets: exchangeSeconds,
  },
  breaker: {
    name: 'rolegate_auth_api_breaker_state',
    type: 'gauge',
    labels: ['state'],
    help: 'State of the circuit breaker before the Auth API: 1 for the current one.',
  },
  redis: {
    name: 'rolegate_redis_operations_total',
    type: 'counter',
    labels: ['operation', 'outcome'],
    help: 'Uses of the shared cache.',
  },
  authMails: {
    name: 'rolegate_auth_mails_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Mails of the Auth API in this process, by what became of them; one that is tried again counts each time.',
  },
  authMailQueue: {
    name: 'rolegate_auth_mail_queue',
    type: 'gauge',
    labels: [],
    help: 'Mails of the Auth API in this process that wait for the mail server or are on their way.',
  },
  authMailFailing: {
    name: 'rolegate_auth_mail_failing',
    type: 'gauge',
    labels: [],
    help: 'Whether the mail server could not be used at the last attempt: 1, or 0.',
  },
  upstreamHealthy: {
    name: 'rolegate_upstream_target_healthy',
    type: 'gauge',
    labels: ['upstream', 'target'],
    help: 'Last health check of a target: 1 passed, 0 failed.',
  },
  configLoads: {
    name: 'rolegate_config_loads_total',
    type: 'counter',
    labels: ['result'],
    help: 'Configurations read, at start and at every reload: ok or failed.',
  },
  configOk: {
    name: 'rolegate_config_last_load_successful',
    type: 'gauge',
    labels: [],
    help: 'Whether the last configuration that was read is the one in use: 0 after a refused reload.',
  },
  configLoadedAt: {
    name: 'rolegate_config_last_success_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When the configuration in use was loaded, in seconds since the epoch.',
  },
  configRoutes: {
    name: 'rolegate_config_routes',
    type: 'gauge',
    labels: [],
    help: 'Routes of the configuration in use.',
  },
  logDropped: {
    name: 'rolegate_log_lines_dropped_total',
    type: 'counter',
    labels: [],
    help: 'Log lines thrown away because whoever reads the log is too slow.',
  },
  build: {
    name: 'rolegate_build_info',
    type: 'gauge',
    labels: ['version', 'node'],
    help: 'Always 1; the labels tell what is running.',
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricKey = keyof typeof metricsCatalog;

/** Methods that are a label of their own; every other one is `other`. */
export const labeledMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/**
 * How a request ended: forwarded and answered, refused by the decision or as no valid HTTP, failed in forwarding, or
 * broken off before there was a decision.
 */
export const requestOutcomes = ['allow', 'refuse', 'fail', 'abandon'] as const;
export type RequestOutcome = (typeof requestOutcomes)[number];

/** Label of requests that matched no route; no route can have this id. */
export const noRoute = '(none)';
