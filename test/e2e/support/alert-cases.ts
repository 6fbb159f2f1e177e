/**
 * For each alert in monitoring/alerts.yaml the series that make it fire, in the form of `promtool test rules`, 15
 * seconds apart.
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

/** The first value for half an hour, then the second for 20 minutes, then the first again. */
const between = (usual: string | number, fault: string | number) => `${usual}x119 ${fault}x79 ${usual}x159`;
const raised = between(0, 1);
const lowered = between(1, 0);
/** A counter that is constant, grows for 20 minutes, and is constant again. */
const grows = (each: number) => `0x119 0+${each}x79 ${each * 79}x159`;
const steady = (each: number) => `0+${each}x359`;
/** Grows for 20 minutes, an hour and a half after the start. */
const jump = '0x359 0+5x79 395x159';
const always = (value: number) => `${value}x359`;

/** A URL of a source whose calls fail, and which is tried now and then: open and half open alternate. */
const breaker = (url: string): AlertCase['series'] => {
  const state = (name: string, values: string) => ({
    [`rolegate_auth_api_breaker_state${labels(`,source="authApi",url="${url}",state="${name}"`)}`]: values,
  });
  return {
    ...state('closed', lowered),
    ...state('open', `0x119 ${'1 0 '.repeat(40)}0x159`),
    ...state('half_open', `0x119 ${'0 1 '.repeat(40)}0x159`),
  };
};

const healthy = (url: string): AlertCase['series'] => ({
  [`rolegate_auth_api_breaker_state${labels(`,source="authApi",url="${url}",state="closed"`)}`]: always(1),
  [`rolegate_auth_api_breaker_state${labels(`,source="authApi",url="${url}",state="half_open"`)}`]: always(0),
  [`rolegate_auth_api_breaker_state${labels(`,source="authApi",url="${url}",state="open"`)}`]: always(0),
});

const gauge = (name: string, values: string, more = '', named: object = {}): AlertCase => ({
  series: { [`${name}${labels(more)}`]: values },
  at,
  labels: { ...one, ...named },
  value: null,
});
const counter = (name: string, more: string, named: Readonly<Record<string, string>>, each = 15): AlertCase => ({
  series: { [`${name}${labels(more)}`]: grows(each) },
  at,
  labels: named,
  value: null,
});
/** When it expires, in days from the start. The other instance has a later one. */
const certificate = (usual: number, fault: number, value: string): AlertCase => ({
  series: {
    [`rolegate_certificate_expiry_timestamp_seconds${labels(',certificate="/tls/a.pem"')}`]: between(
      usual * 86_400,
      fault * 86_400,
    ),
    'rolegate_certificate_expiry_timestamp_seconds{job="rolegate",instance="b:9090",certificate="/tls/a.pem"}': always(
      40 * 86_400,
    ),
  },
  at,
  labels: { ...job, certificate: '/tls/a.pem' },
  value,
});

export const alertCases: Readonly<Record<string, AlertCase>> = {
  RolegateAbsent: {
    series: {
      [`rolegate_requests_in_flight${labels()}`]: between(3, '_'),
      [`rolegate_build_info${labels(',version="1",node="26"')}`]: between(1, '_'),
      // A standalone Auth API and an application are not gateways.
      'rolegate_build_info{job="auth-api",instance="b:9091",version="1",node="26"}': always(1),
      'rolegate_build_info{job="application",instance="c:80",version="in process",node="26"}': always(1),
      'rolegate_requests_in_flight{job="application",instance="c:80"}': always(3),
    },
    at,
    labels: {},
    value: null,
  },
  RolegateReplicaDown: {
    series: {
      [`up${labels()}`]: lowered,
      [`rolegate_build_info${labels(',version="1",node="26"')}`]: between(1, '_'),
      'up{job="rolegate",instance="b:9090"}': always(1),
      // Another program, and an application with Rolegate, which these alerts do not cover.
      'up{job="other",instance="b:1"}': lowered,
      'up{job="application",instance="c:80"}': lowered,
      'rolegate_build_info{job="application",instance="c:80",version="in process",node="26"}': between(1, '_'),
    },
    at,
    labels: one,
    value: null,
  },
  RolegateForbiddenAfterReload: {
    series: {
      [`rolegate_requests_total${labels(',route="a",method="GET",status="200",outcome="allow"')}`]: '0+15x599',
      [`rolegate_requests_total${labels(',route="a",method="GET",status="403",outcome="refuse"')}`]: jump,
      [`rolegate_refusals_total${labels(',route="a",reason="role_missing"')}`]: jump,
      // At the start of the test, and after an hour and a half.
      [`rolegate_config_last_success_timestamp_seconds${labels()}`]: '0x359 5400x239',
    },
    at: [80, 100, 130],
    labels: job,
    value: '25%',
  },
  RolegateCertificateRenewalLate: certificate(30, 14, '13d 23h 20m 0s'),
  RolegateCertificateExpiresSoon: certificate(14, 2, '1d 23h 20m 0s'),
  RolegateRevocationListExpires: {
    series: {
      [`rolegate_revocation_list_expiry_timestamp_seconds${labels(',list="/tls/list.pem"')}`]: between(864_000, 7_200),
      [`rolegate_revocation_list_issue_timestamp_seconds${labels(',list="/tls/list.pem"')}`]: always(-86_400),
    },
    at,
    labels: { ...job, list: '/tls/list.pem' },
    value: '1h 20m 0s',
  },
  RolegateReloadRefused: gauge('rolegate_config_last_load_successful', lowered),
  RolegateAuthApiFailing: {
    series: {
      [`rolegate_auth_api_calls_total${labels(',source="authApi",kind="bearer",outcome="accepted"')}`]: steady(15),
      [`rolegate_auth_api_calls_total${labels(',source="authApi",kind="bearer",outcome="auth_timeout"')}`]: grows(5),
    },
    at,
    labels: job,
    value: '25%',
  },
  RolegateBreakerOpen: {
    series: breaker('0'),
    at,
    labels: { ...one, source: 'authApi', url: '0' },
    value: null,
  },
  RolegateSourceDown: {
    series: { ...breaker('0'), ...breaker('1') },
    at,
    labels: { ...one, source: 'authApi' },
    value: null,
  },
  RolegateAuthenticationDown: {
    series: {
      [`rolegate_requests_total${labels(',route="a",method="GET",status="200",outcome="allow"')}`]: steady(15),
      [`rolegate_requests_total${labels(',route="a",method="GET",status="503",outcome="refuse"')}`]: grows(5),
      [`rolegate_refusals_total${labels(',route="a",reason="auth_busy"')}`]: grows(5),
    },
    at,
    labels: job,
    value: '25%',
  },
  RolegateTargetDown: {
    series: {
      [`rolegate_upstream_target_healthy${labels(',upstream="orders",target="http://a"')}`]: lowered,
      [`rolegate_upstream_target_healthy${labels(',upstream="orders",target="http://b"')}`]: always(1),
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
  RolegateResponsesCut: {
    series: {
      [`rolegate_requests_total${labels(',route="a",method="GET",status="200",outcome="allow"')}`]: steady(15),
      [`rolegate_responses_cut_total${labels(',route="a"')}`]: grows(3),
      [`rolegate_requests_total${labels(',route="b",method="GET",status="200",outcome="allow"')}`]: steady(15),
      [`rolegate_responses_cut_total${labels(',route="b"')}`]: always(0),
    },
    at,
    labels: { ...job, route: 'a' },
    value: '20%',
  },
  RolegateUnrequestedResponses: counter(
    'rolegate_upstream_unrequested_responses_total',
    ',upstream="orders"',
    { ...job, upstream: 'orders' },
    1,
  ),
  RolegateServerErrors: {
    series: {
      [`rolegate_requests_total${labels(',route="a",method="GET",status="200",outcome="allow"')}`]: steady(15),
      [`rolegate_requests_total${labels(',route="a",method="GET",status="503",outcome="refuse"')}`]: grows(5),
    },
    // The windows of half an hour and six hours end it.
    at: [20, 40, 85],
    labels: job,
    value: '25%',
  },
  RolegateInternalErrors: counter('rolegate_refusals_total', ',route="a",reason="internal_error"', job, 1),
  RolegateSlowDecisions: {
    series: {
      [`rolegate_decision_duration_seconds_bucket${labels(',source="auth-api",le="0.25"')}`]:
        '0+15x119 1800x79 1800+15x159',
      [`rolegate_decision_duration_seconds_bucket${labels(',source="auth-api",le="1"')}`]: steady(15),
      [`rolegate_decision_duration_seconds_bucket${labels(',source="auth-api",le="+Inf"')}`]: steady(15),
    },
    at: [20, 48, 80],
    labels: job,
    value: '992.5ms',
  },
  RolegateRedisFailing: {
    series: {
      [`rolegate_redis_operations_total${labels(',operation="get",outcome="hit"')}`]: steady(15),
      [`rolegate_redis_operations_total${labels(',operation="get",outcome="error"')}`]: grows(5),
    },
    at,
    labels: job,
    value: '25%',
  },
  RolegateRevocationsDisconnected: gauge('rolegate_revocations_connected', lowered),
  RolegateRevocationsUndelivered: counter('rolegate_revocations_undelivered_total', '', job, 1),
  RolegateRevocationsLost: counter('rolegate_revocation_catch_ups_total', ',outcome="lost"', one, 1),
  RolegateClockOff: {
    ...gauge('rolegate_clock_offset_seconds', between(0.01, -600)),
    value: '10m 0s',
  },
  RolegateWorkersRestart: counter('rolegate_worker_restarts_total', '', one, 1),
  RolegateShedding: {
    series: { [`rolegate_shed_ratio${labels()}`]: between(0, 0.25) },
    at,
    labels: one,
    value: '25%',
  },
  RolegateCpuSaturated: gauge('rolegate_event_loop_busy_ratio', between(0.3, 1)),
  RolegateConnectionsRefused: counter('rolegate_connections_refused_total', ',limit="total"', {
    ...one,
    limit: 'total',
  }),
  RolegateFileDescriptors: {
    series: {
      [`process_open_fds${labels()}`]: between(100, 950),
      [`process_max_fds${labels()}`]: always(1000),
      [`rolegate_build_info${labels(',version="1",node="26"')}`]: always(1),
      // Another program next to it, which these alerts do not cover.
      'process_open_fds{job="other",instance="b:1"}': always(950),
      'process_max_fds{job="other",instance="b:1"}': always(1000),
    },
    at,
    labels: one,
    value: '95%',
  },
  RolegateAuthenticationThrottled: {
    ...counter('rolegate_authentication_throttled_total', ',by="client"', job, 30),
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

/** What happens in normal operation, or concerns one client alone: the alert does not fire. `hours`: of the series. */
export const silentCases: readonly (readonly [
  what: string,
  alert: string,
  series: AlertCase['series'],
  hours: number,
])[] = [
  [
    'one worker ends, and one scrape is missing',
    'RolegateWorkersRestart',
    { [`rolegate_worker_restarts_total${labels()}`]: '0x119 1x19 _ 1x218' },
    1.5,
  ],
  [
    'one client guesses and is limited by the Auth API',
    'RolegateAuthenticationDown',
    {
      [`rolegate_requests_total${labels(',route="a",method="GET",status="200",outcome="allow"')}`]: steady(15),
      [`rolegate_requests_total${labels(',route="a",method="GET",status="429",outcome="refuse"')}`]: grows(15),
      [`rolegate_refusals_total${labels(',route="a",reason="auth_throttled"')}`]: grows(15),
    },
    1.5,
  ],
  [
    'one request fails where there are few',
    'RolegateServerErrors',
    {
      [`rolegate_requests_total${labels(',route="a",method="GET",status="200",outcome="allow"')}`]: '0+1x1679',
      [`rolegate_requests_total${labels(',route="a",method="GET",status="503",outcome="refuse"')}`]: '0x1439 1x239',
    },
    7,
  ],
  [
    'one credential cannot be checked where there are few requests',
    'RolegateAuthenticationDown',
    {
      [`rolegate_requests_total${labels(',route="a",method="GET",status="200",outcome="allow"')}`]: '0+1x359',
      [`rolegate_requests_total${labels(',route="a",method="GET",status="503",outcome="refuse"')}`]: '0x119 1x239',
      [`rolegate_refusals_total${labels(',route="a",reason="auth_timeout"')}`]: '0x119 1x239',
    },
    1.5,
  ],
  [
    'the share of 403 is as high as before the reload',
    'RolegateForbiddenAfterReload',
    {
      [`rolegate_requests_total${labels(',route="a",method="GET",status="403",outcome="refuse"')}`]: steady(15),
      [`rolegate_refusals_total${labels(',route="a",reason="role_missing"')}`]: steady(15),
      [`rolegate_config_last_success_timestamp_seconds${labels()}`]: '-7200x279 4200x80',
    },
    1.5,
  ],
  [
    'the share of 403 rises without a reload',
    'RolegateForbiddenAfterReload',
    {
      [`rolegate_requests_total${labels(',route="a",method="GET",status="403",outcome="refuse"')}`]: jump,
      [`rolegate_refusals_total${labels(',route="a",reason="role_missing"')}`]: jump,
      [`rolegate_config_last_success_timestamp_seconds${labels()}`]: '-7200x599',
    },
    2.5,
  ],
  [
    'a gateway is new',
    'RolegateForbiddenAfterReload',
    {
      [`rolegate_requests_total${labels(',route="a",method="GET",status="403",outcome="refuse"')}`]: steady(15),
      [`rolegate_refusals_total${labels(',route="a",reason="role_missing"')}`]: steady(15),
      [`rolegate_config_last_success_timestamp_seconds${labels()}`]: always(0),
    },
    1.5,
  ],
  [
    'one check in five has no idle time, and all do for a minute',
    'RolegateCpuSaturated',
    { [`rolegate_event_loop_busy_ratio${labels()}`]: `${'0.9 0.9 1 0.9 0.9 '.repeat(24)}1x3 0.9x200` },
    1.5,
  ],
  ['one of two URLs fails', 'RolegateSourceDown', { ...breaker('0'), ...healthy('1') }, 1.5],
];

const allowed = `rolegate_requests_total${labels(',route="a",method="GET",status="200",outcome="allow"')}`;
const forbidden = `rolegate_requests_total${labels(',route="a",method="GET",status="403",outcome="refuse"')}`;
const refusals = `rolegate_refusals_total${labels(',route="a",reason="role_missing"')}`;
const loaded = `rolegate_config_last_success_timestamp_seconds${labels()}`;

/** Series of refusals begin with the first one, so there is nothing to compare with. `minute`: when the alert fires. */
export const withoutHistory: readonly (readonly [what: string, alert: string, minute: number, one: AlertCase])[] = [
  [
    'no 403 an hour ago',
    'RolegateForbiddenAfterReload',
    70,
    {
      series: {
        [allowed]: '0+15x339',
        [forbidden]: '_x240 0+15x99',
        [refusals]: '_x240 0+15x99',
        [loaded]: always(3600),
      },
      at,
      labels: job,
      value: '50%',
    },
  ],
  [
    'a reload 20 minutes after the start',
    'RolegateForbiddenAfterReload',
    30,
    {
      series: {
        [allowed]: '0+15x179',
        [forbidden]: '_x80 0+15x99',
        [refusals]: '_x80 0+15x99',
        [loaded]: '0x79 1200x100',
      },
      at,
      labels: job,
      value: '50%',
    },
  ],
];

/** The Auth API fails at minute 60, after an hour without a failure. Series of refusals begin with the first one. */
export const outage: AlertCase['series'] = {
  [`rolegate_requests_total${labels(',route="a",method="GET",status="200",outcome="allow"')}`]: '0+1500x240 360000x20',
  [`rolegate_requests_total${labels(',route="a",method="GET",status="503",outcome="refuse"')}`]: '_x240 1500+1500x20',
  [`rolegate_refusals_total${labels(',route="a",reason="auth_busy"')}`]: '_x240 1500+1500x20',
  [`rolegate_auth_api_breaker_state${labels(',source="authApi",url="0",state="closed"')}`]: '1x240 0x20',
  [`rolegate_auth_api_breaker_state${labels(',source="authApi",url="0",state="half_open"')}`]: '0x260',
  [`rolegate_auth_api_breaker_state${labels(',source="authApi",url="0",state="open"')}`]: '0x240 1x20',
};

/** Alerts that page for it, and the labels of each. */
export const pages: Readonly<Record<string, AlertCase['labels']>> = {
  RolegateSourceDown: { ...one, source: 'authApi' },
  RolegateAuthenticationDown: job,
};
