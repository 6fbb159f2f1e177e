/**
 * For each alert in monitoring/alerts.yaml the series that make it fire, in the form of `promtool test rules`, a minute
 * apart.
 */

export interface AlertCase {
  /** Name with labels, and values: normal at first, then the fault, then normal again. */
  readonly series: Readonly<Record<string, string>>;
  /** Minutes at which nothing fires, at which the alert fires, and at which it has cleared. */
  readonly at: readonly [quiet: number, firing: number, cleared: number];
  /** Labels of the firing alert, without its name and severity. */
  readonly labels: Readonly<Record<string, string>>;
  /** Value of its expression; null: the summary does not show it. */
  readonly value: string | null;
}

const at: AlertCase['at'] = [20, 40, 70];
const job = { job: 'rolegate' };
const one = { ...job, instance: 'a:9090' };
const labels = (more = '') => `{job="rolegate",instance="a:9090"${more}}`;

/** 0 for half an hour, then 1, then 0 again. */
const raised = '0x29 1x20 0x30';
const lowered = '1x29 0x20 1x30';
/** A counter that is constant, grows for 20 minutes, and is constant again. */
const grows = (each: number) => `0x29 0+${each}x20 ${each * 20}x40`;
const steady = (each: number) => `0+${each}x90`;

const gauge = (name: string, values: string, more = '', named: object = {}): AlertCase => ({
  series: { [`${name}${labels(more)}`]: values },
  at,
  labels: { ...one, ...named },
  value: null,
});
const counter = (name: string, more: string, named: Readonly<Record<string, string>>, each = 60): AlertCase => ({
  series: { [`${name}${labels(more)}`]: grows(each) },
  at,
  labels: named,
  value: null,
});

export const alertCases: Readonly<Record<string, AlertCase>> = {
  RolegateAbsent: {
    series: {
      [`rolegate_requests_in_flight${labels()}`]: '3x29 _x20 3x30',
      [`rolegate_build_info${labels(',version="1",node="26"')}`]: '1x29 _x20 1x30',
      // A standalone Auth API and an application are not gateways.
      'rolegate_build_info{job="auth-api",instance="b:9091",version="1",node="26"}': '1x90',
      'rolegate_build_info{job="application",instance="c:80",version="in process",node="26"}': '1x90',
      'rolegate_requests_in_flight{job="application",instance="c:80"}': '3x90',
    },
    at,
    labels: {},
    value: null,
  },
  RolegateReloadRefused: gauge('rolegate_config_last_load_successful', lowered),
  RolegateAuthApiFailing: {
    series: {
      [`rolegate_auth_api_calls_total${labels(',source="authApi",kind="bearer",outcome="accepted"')}`]: steady(60),
      [`rolegate_auth_api_calls_total${labels(',source="authApi",kind="bearer",outcome="auth_timeout"')}`]: grows(20),
    },
    at,
    labels: job,
    value: '25%',
  },
  RolegateBreakerOpen: gauge('rolegate_auth_api_breaker_state', raised, ',source="authApi",url="0",state="open"', {
    source: 'authApi',
    url: '0',
    state: 'open',
  }),
  RolegateTargetDown: {
    series: {
      [`rolegate_upstream_target_healthy${labels(',upstream="orders",target="http://a"')}`]: lowered,
      [`rolegate_upstream_target_healthy${labels(',upstream="orders",target="http://b"')}`]: '1x90',
    },
    at,
    labels: { ...job, upstream: 'orders', target: 'http://a' },
    value: null,
  },
  RolegateUpstreamDown: {
    series: {
      [`rolegate_upstream_target_healthy${labels(',upstream="orders",target="http://a"')}`]: lowered,
      [`rolegate_upstream_target_healthy${labels(',upstream="orders",target="http://b"')}`]: lowered,
    },
    at,
    labels: { ...job, upstream: 'orders' },
    value: null,
  },
  RolegateUpstreamQueue: {
    ...gauge('rolegate_upstream_requests_waiting', raised, ',upstream="orders"'),
    labels: { ...job, upstream: 'orders' },
  },
  RolegateUnrequestedResponses: counter(
    'rolegate_upstream_unrequested_responses_total',
    ',upstream="orders"',
    { ...job, upstream: 'orders' },
    1,
  ),
  RolegateServerErrors: {
    series: {
      [`rolegate_requests_total${labels(',route="a",method="GET",status="200",outcome="allow"')}`]: steady(60),
      [`rolegate_requests_total${labels(',route="a",method="GET",status="503",outcome="refuse"')}`]: grows(20),
    },
    at,
    labels: job,
    value: '25%',
  },
  RolegateInternalErrors: counter('rolegate_refusals_total', ',route="a",reason="internal_error"', job, 1),
  RolegateSlowDecisions: {
    series: {
      [`rolegate_decision_duration_seconds_bucket${labels(',source="auth-api",le="0.25"')}`]:
        '0+60x29 1800x20 1800+60x40',
      [`rolegate_decision_duration_seconds_bucket${labels(',source="auth-api",le="1"')}`]: steady(60),
      [`rolegate_decision_duration_seconds_bucket${labels(',source="auth-api",le="+Inf"')}`]: steady(60),
    },
    at: [20, 48, 80],
    labels: job,
    value: '992.5ms',
  },
  RolegateRedisFailing: {
    series: {
      [`rolegate_redis_operations_total${labels(',operation="get",outcome="hit"')}`]: steady(60),
      [`rolegate_redis_operations_total${labels(',operation="get",outcome="error"')}`]: grows(20),
    },
    at,
    labels: job,
    value: '25%',
  },
  RolegateRevocationsDisconnected: gauge('rolegate_revocations_connected', lowered),
  RolegateRevocationsUndelivered: counter('rolegate_revocations_undelivered_total', '', job, 1),
  RolegateRevocationsLost: counter('rolegate_revocation_catch_ups_total', ',outcome="lost"', one, 1),
  RolegateWorkersRestart: counter('rolegate_worker_restarts_total', '', one, 1),
  RolegateShedding: {
    series: { [`rolegate_shed_ratio${labels()}`]: '0x29 0.25x20 0x30' },
    at,
    labels: one,
    value: '25%',
  },
  RolegateConnectionsRefused: counter('rolegate_connections_refused_total', ',limit="total"', {
    ...job,
    limit: 'total',
  }),
  RolegateFileDescriptors: {
    series: {
      [`process_open_fds${labels()}`]: '100x29 950x20 100x30',
      [`process_max_fds${labels()}`]: '1000x90',
      [`rolegate_build_info${labels(',version="1",node="26"')}`]: '1x90',
      // Another program next to it, which these alerts do not cover.
      'process_open_fds{job="other",instance="b:1"}': '950x90',
      'process_max_fds{job="other",instance="b:1"}': '1000x90',
    },
    at,
    labels: one,
    value: '95%',
  },
  RolegateAuthenticationThrottled: {
    ...counter('rolegate_authentication_throttled_total', ',by="client"', job, 120),
    value: '2',
  },
  RolegateForwardedIgnored: counter('rolegate_auth_forwarded_ignored_total', ',reason="secret_wrong"', {
    ...job,
    reason: 'secret_wrong',
  }),
  RolegateMailFailing: gauge('rolegate_auth_mail_failing', raised),
  RolegateLogLinesDropped: counter('rolegate_log_lines_dropped_total', '', one),
  RolegateLogFailing: gauge('rolegate_log_failing', raised),
};
