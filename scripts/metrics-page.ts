/** Generates docs/reference/metrics.md from the metrics: their tables, and an explanation of the labels. */

import { metricsCatalog } from '../test/support/metrics-catalog.ts';
import { asGenerated } from './generated-page.ts';

/** The whole page. Throws if it does not list every metric exactly once. */
export function metricsPage(): string {
  const left = new Map(metricsCatalog().map((entry) => [entry.name, entry]));
  const table = (...names: readonly string[]) => {
    const rows = names.map((name) => {
      const entry = left.get(name);
      if (!left.delete(name)) throw new TypeError(`metrics-page.ts: ${name} is no metric, or listed twice`);
      const { type, labels, help } = entry!;
      return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
    });
    return `| name | type | labels | meaning |\n|---|---|---|---|\n${rows.join('\n')}`;
  };
  const page = pageWith(table);
  if (left.size > 0) throw new TypeError(`metrics-page.ts: not listed: ${[...left.keys()].join(', ')}`);
  return asGenerated(page, 'the metrics', 'metrics-page.ts');
}

function pageWith(table: (...names: readonly string[]) => string): string {
  return `# Metrics

\`GET /metrics\` on the admin port responds in the Prometheus text format, or in OpenMetrics 1.0 if \`Accept\` requests it, as
Prometheus does. Names and values of samples are the same in both. In OpenMetrics, each bucket of
\`rolegate_request_duration_seconds\` has the trace of the last [recorded](../guides/tracing.md) request in it, as an exemplar.

Labels contain names from the configuration or from fixed lists, and never a path, a user, a key or a client address. So
the configuration bounds the number of series:

- \`route\`: the id of a route, or \`(none)\` if no route matched. A route that keeps its id across a reload keeps its
  values; removing a route removes its series.
- \`method\`: \`GET\`, \`HEAD\`, \`POST\`, \`PUT\`, \`PATCH\`, \`DELETE\`, \`OPTIONS\` or \`other\`.
- \`status\`: the status that the client received. An unregistered status counts as its class, such as \`4xx\`; \`none\`
  means that the client received no response.
- \`outcome\` of requests: \`allow\` (forwarded, with a response), \`refuse\`, \`fail\` (allowed, but forwarding failed),
  \`page\` (a page of sign-in) or \`abandon\` (broken off before a decision). Of results and calls to the Auth API: \`accepted\`, or a reason.
- \`reason\`: a code of [the reasons](reasons.md).
- \`source\`: \`memory\`, \`redis\`, \`auth-api\`, or \`none\` if no result was needed or found.
- \`upstream\` and \`target\`: the name of an upstream, and the origin of one of its targets.
- \`limit\`: of refused connections \`total\` or \`client\`; of ended ones \`idle\`, \`requests\`, \`unread\` or \`lingering\`. \`outcome\` of rechecks: \`kept\`, \`ended\` or \`unknown\`.

## Requests

${table(
  'rolegate_requests_total',
  'rolegate_authorizer_checks_total',
  'rolegate_refusals_total',
  'rolegate_condition_refusals_total',
  'rolegate_shadow_decisions_total',
  'rolegate_shadow_differences_total',
  'rolegate_decision_records_total',
  'rolegate_decision_records_evicted_total',
  'rolegate_decision_records_evicted_age_seconds',
  'rolegate_trace_spans_total',
  'rolegate_request_duration_seconds',
  'rolegate_decision_duration_seconds',
  'rolegate_upstream_duration_seconds',
  'rolegate_upstream_wait_seconds',
  'rolegate_received_body_bytes_total',
  'rolegate_sent_body_bytes_total',
  'rolegate_requests_aborted_total',
  'rolegate_responses_cut_total',
  'rolegate_requests_in_flight',
  'rolegate_tunnels_open',
  'rolegate_connections_open',
)}

## TLS

[TLS](../guides/tls.md) to clients. \`certificate\` is the path of the file, as the configuration has it.

${table(
  'rolegate_tls_handshakes_total',
  'rolegate_certificate_expiry_timestamp_seconds',
  'rolegate_revocation_list_issue_timestamp_seconds',
  'rolegate_revocation_list_expiry_timestamp_seconds',
)}

## PROXY protocol

From [network load balancers](../guides/network-load-balancers.md).

${table('rolegate_proxy_protocol_headers_total')}

## Limits and streams

The [limits](../guides/limits.md) page describes each limit and its setting. Requests that a limit refuses count in
\`rolegate_refusals_total\` under their reason.

${table(
  'rolegate_connections_refused_total',
  'rolegate_connections_ended_total',
  'rolegate_streams_open',
  'rolegate_stream_rechecks_total',
  'rolegate_body_buffer_bytes',
  'rolegate_event_loop_lag_seconds',
  'rolegate_event_loop_busy_ratio',
  'rolegate_shed_ratio',
  'rolegate_upstream_requests_in_flight',
  'rolegate_upstream_requests_waiting',
  'rolegate_upstream_streams_open',
  'rolegate_upstream_unrequested_responses_total',
)}

## Authentication

${table(
  'rolegate_stale_verdicts_total',
  'rolegate_auth_api_calls_total',
  'rolegate_auth_api_failures_total',
  'rolegate_auth_api_call_duration_seconds',
  'rolegate_auth_api_breaker_state',
  'rolegate_claims_unreadable_total',
  'rolegate_auth_api_failovers_total',
  'rolegate_shared_lookups_total',
  'rolegate_shared_lookup_wait_seconds',
  'rolegate_refreshes_total',
  'rolegate_authentication_throttled_total',
  'rolegate_cache_evictions_total',
  'rolegate_sessions_evicted_total',
  'rolegate_revoked_verdicts_total',
  'rolegate_cache_entries',
  'rolegate_cache_bytes',
  'rolegate_lookups_in_flight',
  'rolegate_redis_operations_total',
  'rolegate_redis_command_duration_seconds',
)}

- \`url\` is the position of a URL in \`authApi.url\`, from 0.
- \`outcome\` of a shared look-up: \`led\` (this replica made the call), \`found\` (another one had just made it); of look-ups that waited for
  another replica: \`pushed\` (its result arrived), \`failed\` (it had none), \`late\` (it did not respond in time), \`disconnected\` (this
  replica was disconnected). \`alone\`: this replica is not connected to the others and calls itself. \`error\`: Redis did not respond.
- \`outcome\` of a refresh: \`accepted\`, \`rejected\`, \`shared\` (another replica had made the call), \`failed\` or \`skipped\` (no room).
- \`operation\` of Redis: \`get\`, \`set\` or \`connection\`; \`outcome\`: \`ok\`, \`hit\`, \`miss\`, \`error\`, \`invalid\` (the entry was not authentic),
  \`skipped\` (too many writes were in progress) or \`oversize\` (too large to be shared).
- \`space\`: \`accepted\` or \`rejected\`. \`place\`: \`memory\`, \`redis\`, \`push\` (sent by another replica) or \`auth-api\`.

## Revocation

${table(
  'rolegate_revocations_total',
  'rolegate_event_tokens_total',
  'rolegate_revocations_connected',
  'rolegate_revocation_tombstones',
  'rolegate_revocation_messages_invalid_total',
  'rolegate_revocation_catch_ups_total',
  'rolegate_revocations_unacknowledged_total',
  'rolegate_revocations_undelivered_total',
  'rolegate_evictions_unreadable_total',
  'rolegate_clock_offset_seconds',
)}

- \`source\`: \`admin\` (\`POST /revocations\`), \`webhook\`, \`route\` (a call through the gateway), \`auth-api\` (embedded), \`channel\`
  (an Auth API over Redis), \`replica\` (another gateway) or \`log\` (read after a disconnection).
- \`kind\`: \`session\`, \`keyPair\`, \`user\`, \`credential\` or \`all\`. \`where\`: \`channel\`, \`replica\` or \`log\`.
- \`outcome\`: \`started\` (nothing could be missed), \`followed\` (the log had all of it) or \`lost\`.

## Clients of the Auth API

These metrics are of an Auth API in this process, embedded or standalone. \`reason\`: \`untrusted_peer\` (a peer that is not in
\`trustedProxies\` sent forwarded headers and no secret) or \`secret_wrong\` (a gateway sent a \`gatewaySecret\` that the Auth API does
not know). In both cases, clients behind this peer share the budgets of one client.

${table('rolegate_auth_forwarded_ignored_total')}

## Mail of the Auth API

These metrics exist only if an Auth API in this process sends mail: \`authApi.embedded.mail\`, or \`mail\` of a standalone one.
\`outcome\`: \`sent\` (the server accepted it), \`retried\` (another attempt follows), \`refused\` (the server rejected it), \`expired\`
(its code expired first), \`dropped\` (the queue was full) or \`abandoned\` (the process ended first).

${table('rolegate_auth_mails_total', 'rolegate_auth_mail_queue', 'rolegate_auth_mail_failing')}

## Upstreams

${table('rolegate_upstream_target_healthy')}

## The process

${table(
  'rolegate_config_loads_total',
  'rolegate_config_info',
  'rolegate_config_last_load_successful',
  'rolegate_config_last_success_timestamp_seconds',
  'rolegate_config_routes',
  'rolegate_log_lines_dropped_total',
  'rolegate_log_failing',
  'rolegate_build_info',
)}

With [workers](../guides/operate.md#workers), one scrape covers all processes. Counters, histograms and most gauges are summed.
\`rolegate_event_loop_lag_seconds\`, \`rolegate_event_loop_busy_ratio\`, \`rolegate_shed_ratio\`, \`rolegate_auth_api_breaker_state\`
and \`rolegate_revocation_tombstones\` show the maximum, \`rolegate_upstream_target_healthy\` and \`rolegate_revocations_connected\`
the minimum. When a worker ends, values of earlier scrapes remain; what it counted since the last scrape is lost.

${table('rolegate_workers_serving', 'rolegate_worker_restarts_total', 'rolegate_worker_requests_total')}

## The runtime

The default metrics of \`prom-client\` show the state of Node. Their names begin with \`process_\` and \`nodejs_\`: CPU
time, memory, garbage collection, event loop delay, open file descriptors.

## Questions and their queries

| question | query |
|---|---|
| What share of requests fails for reasons that are not the client's? | \`sum(rate(rolegate_requests_total{status=~"5.."}[5m])) / sum(rate(rolegate_requests_total[5m]))\` |
| What is wrong with the Auth API? | \`sum by (failure) (rate(rolegate_auth_api_failures_total[5m]))\` |
| Is the Auth API in trouble? | \`sum by (outcome) (rate(rolegate_auth_api_calls_total{outcome=~"auth_.*"}[5m]))\` |
| What share of credentials is in memory? | \`sum(rate(rolegate_decision_duration_seconds_count{source="memory"}[5m])) / sum(rate(rolegate_decision_duration_seconds_count{source!="none"}[5m]))\` |
| How long does the slowest percent wait? | \`histogram_quantile(0.99, sum by (le, route) (rate(rolegate_request_duration_seconds_bucket[5m])))\` |
| Was a reload refused? | \`rolegate_config_last_load_successful == 0\` |
`;
}
