/**
 * Every metric of Rolegate's own: name, type, labels and help. `docs/reference/metrics.md` lists the same, and a test
 * compares them. Labels hold only what the configuration or a fixed list names (route ids, upstreams and their targets,
 * methods, statuses, reasons): never a path, a user, a key or anything else that a client chooses.
 */
import { identityMetrics } from './identity-metrics.ts';
import { exchangeSeconds, type MetricDefinition } from './metric-definition.ts';
import { processMetrics } from './process-metrics.ts';

export type { MetricDefinition } from './metric-definition.ts';

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
  conditions: {
    name: 'rolegate_condition_refusals_total',
    type: 'counter',
    labels: ['route', 'condition'],
    help: 'Requests that a condition of their route refused, by the reason that its author gave it.',
  },
  shadowRefusals: {
    name: 'rolegate_shadow_refusals_total',
    type: 'counter',
    labels: ['route', 'reason'],
    help: 'Requests let through by a route with mode: shadow that its rule refuses, by reason or word of the condition.',
  },
  shadowDecisions: {
    name: 'rolegate_shadow_decisions_total',
    type: 'counter',
    labels: ['result'],
    help: 'Decisions compared with a candidate of the rules: same, newly_allowed, newly_refused, other_reason, other_route, undecided or skipped.',
  },
  shadowDifferences: {
    name: 'rolegate_shadow_differences_total',
    type: 'counter',
    labels: ['route', 'difference', 'reason'],
    help: 'Decisions that a candidate of the rules would have made otherwise; reason of the refusal, or word of the condition.',
  },
  decisionRecords: {
    name: 'rolegate_decision_records_total',
    type: 'counter',
    labels: ['result'],
    help: 'Decisions to be recorded: written, left_out (too many at once) or failed.',
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
  connectionsRefused: {
    name: 'rolegate_connections_refused_total',
    type: 'counter',
    labels: ['limit'],
    help: 'Connections that were closed at once, by the limit that they exceeded: total or client.',
  },
  connectionsEnded: {
    name: 'rolegate_connections_ended_total',
    type: 'counter',
    labels: ['limit'],
    help: 'Connections that ended at a limit of theirs: idle, requests or unread.',
  },
  streams: {
    name: 'rolegate_streams_open',
    type: 'gauge',
    labels: [],
    help: 'WebSockets, event streams and long transfers whose access is watched.',
  },
  rechecks: {
    name: 'rolegate_stream_rechecks_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Times that the access of an open stream was decided again: kept, ended or unknown.',
  },
  bufferedBytes: {
    name: 'rolegate_body_buffer_bytes',
    type: 'gauge',
    labels: [],
    help: 'Memory that the first parts of request bodies take now, with bytes that wait for their turn on a connection.',
  },
  eventLoopLag: {
    name: 'rolegate_event_loop_lag_seconds',
    type: 'gauge',
    across: 'max',
    labels: [],
    help: 'How late the event loop was at the last look, ten times a second; 0 when nothing is shed by it.',
  },
  shedShare: {
    name: 'rolegate_shed_share',
    type: 'gauge',
    across: 'max',
    labels: [],
    help: 'Part of new requests that is turned away because the process falls behind: 0 to 1.',
  },
  upstreamInFlight: {
    name: 'rolegate_upstream_requests_in_flight',
    type: 'gauge',
    labels: ['upstream'],
    help: 'Requests that an upstream is answering now.',
  },
  upstreamWaiting: {
    name: 'rolegate_upstream_requests_waiting',
    type: 'gauge',
    labels: ['upstream'],
    help: 'Requests that wait for a free connection to an upstream.',
  },
  ...identityMetrics,
  revocations: {
    name: 'rolegate_revocations_total',
    type: 'counter',
    labels: ['source', 'kind'],
    help: 'Revocations that took effect in this process, by who said so.',
  },
  revocationConnected: {
    name: 'rolegate_revocations_connected',
    type: 'gauge',
    across: 'min',
    labels: [],
    help: 'Whether this process is connected to revocations: 1, or 0 while verdicts live no longer than cache.whileDisconnected.',
  },
  revocationTombstones: {
    name: 'rolegate_revocation_tombstones',
    type: 'gauge',
    across: 'max',
    labels: [],
    help: 'Revocations that are held against verdicts from before them.',
  },
  revocationMessagesInvalid: {
    name: 'rolegate_revocation_messages_invalid_total',
    type: 'counter',
    labels: ['where'],
    help: 'Messages that were received as revocations and are none.',
  },
  revocationCatchUps: {
    name: 'rolegate_revocation_catch_ups_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Times that this process was connected again; lost: it dropped everything, as the log did not reach back.',
  },
  revocationUnacknowledged: {
    name: 'rolegate_revocations_unacknowledged_total',
    type: 'counter',
    labels: [],
    help: 'Other replicas that did not acknowledge a revocation before their verdicts had to have ended.',
  },
  revocationUndelivered: {
    name: 'rolegate_revocations_undelivered_total',
    type: 'counter',
    labels: [],
    help: 'Revocations that Redis did not take, so that they are announced to the other replicas later.',
  },
  evictionUnreadable: {
    name: 'rolegate_evictions_unreadable_total',
    type: 'counter',
    labels: ['route'],
    help: 'Calls through a route with evict that named nothing that can be revoked.',
  },
  authForwardedIgnored: {
    name: 'rolegate_auth_forwarded_ignored_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Requests to the Auth API in this process whose forwarded headers were not believed, so that the peer counts as the client.',
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
    across: 'max',
    labels: [],
    help: 'Whether the mail server could not be used at the last attempt: 1, or 0.',
  },
  upstreamHealthy: {
    name: 'rolegate_upstream_target_healthy',
    type: 'gauge',
    across: 'min',
    labels: ['upstream', 'target'],
    help: 'Whether a target with health checks is healthy: 1, or 0 after two failed checks in a row.',
  },
  ...processMetrics,
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
