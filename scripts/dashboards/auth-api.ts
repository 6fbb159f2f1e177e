/** The dashboard for identities: calls to the Auth API, the caches in front of it, and revocation. */
import { type DashboardContent, of, quantile, rate, sumBy } from './dashboard.ts';

const calls = 'rolegate_auth_api_calls_total';
const decisions = 'rolegate_decision_duration_seconds_count';
const failed = 'outcome=~"auth_(unavailable|timeout|response_invalid)"';

export const authApi: DashboardContent = {
  name: 'auth-api',
  title: 'Auth API and cache',
  description: 'Calls to the Auth API and other sources, how many the caches save, Redis, and revocation.',
  figures: [
    {
      title: 'Found in memory',
      description: 'Share of decisions with a credential whose verdict was in memory.',
      unit: 'percentunit',
      expr: `sum(${rate(decisions, 'source="memory"')}) / sum(${rate(decisions, 'source!="none"')})`,
    },
    { title: 'Calls', description: 'Calls to the Auth API per second.', unit: 'cps', expr: `sum(${rate(calls)})` },
    {
      title: 'Failed calls',
      description: 'Share of calls that gave no result.',
      unit: 'percentunit',
      expr: `(sum(${rate(calls, failed)}) or vector(0)) / sum(${rate(calls)})`,
      warnAt: 0.01,
      badAt: 0.1,
    },
    {
      title: 'Open breakers',
      description: 'Circuit breakers that are open, over all gateways.',
      unit: 'short',
      expr: `sum(${of('rolegate_auth_api_breaker_state', 'state="open"')})`,
      badAt: 1,
    },
    {
      title: 'Connected to revocations',
      description: 'Share of gateways that are connected to revocations.',
      unit: 'percentunit',
      expr: `avg(${of('rolegate_revocations_connected')})`,
      badAt: 1,
      lowIsBad: true,
    },
  ],
  rows: [
    {
      title: 'Calls to the Auth API and other sources',
      charts: [
        {
          title: 'Calls by outcome',
          description: 'accepted, or the reason why there is no identity.',
          unit: 'cps',
          stacked: true,
          queries: [{ expr: `sum by (outcome) (${rate(calls)})`, legend: '{{outcome}}' }],
        },
        {
          title: 'Failures',
          description: 'Why calls gave no result.',
          unit: 'cps',
          stacked: true,
          queries: [
            {
              expr: `sum by (source, failure) (${rate('rolegate_auth_api_failures_total')})`,
              legend: '{{source}}: {{failure}}',
            },
          ],
        },
        {
          title: 'Duration of calls',
          description: 'From sending a call to its judged response.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.5, 'rolegate_auth_api_call_duration_seconds', ['source', 'kind']),
              legend: '{{source}}, {{kind}}: p50',
            },
            {
              expr: quantile(0.99, 'rolegate_auth_api_call_duration_seconds', ['source', 'kind']),
              legend: '{{source}}, {{kind}}: p99',
            },
          ],
        },
      ],
    },
    {
      title: 'Verdicts',
      charts: [
        {
          title: 'Decisions by source of the verdict',
          description: 'memory is fast, redis takes a round trip, auth-api waits for a call; none needed no verdict.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: `sum by (source) (${rate(decisions)})`, legend: '{{source}}' }],
        },
        sumBy('space', 'Verdicts in memory', 'Over all gateways.', 'short', of('rolegate_cache_entries')),
        {
          title: 'Evictions, refreshes and stale verdicts',
          description:
            'Evicted: memory was full. Refreshed before their end, by outcome. Stale: served during an outage.',
          unit: 'cps',
          queries: [
            { expr: `sum(${rate('rolegate_cache_evictions_total')}) or vector(0)`, legend: 'evicted' },
            { expr: `sum by (outcome) (${rate('rolegate_refreshes_total')})`, legend: 'refreshed: {{outcome}}' },
            { expr: `sum(${rate('rolegate_stale_verdicts_total')})`, legend: 'stale' },
          ],
        },
      ],
    },
    {
      title: 'Redis and other replicas',
      charts: [
        {
          title: 'Redis operations',
          description: 'error: Redis did not respond; invalid: an entry did not prove itself.',
          unit: 'cps',
          queries: [
            {
              expr: `sum by (operation, outcome) (${rate('rolegate_redis_operations_total')})`,
              legend: '{{operation}}: {{outcome}}',
            },
          ],
        },
        {
          title: 'Look-ups shared by replicas',
          description: 'led: this replica called; found, pushed: another one had.',
          unit: 'cps',
          stacked: true,
          queries: [{ expr: `sum by (outcome) (${rate('rolegate_shared_lookups_total')})`, legend: '{{outcome}}' }],
        },
        {
          title: 'Duration of Redis commands',
          description: 'From sending a command to its reply.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.5, 'rolegate_redis_command_duration_seconds', ['outcome']),
              legend: '{{outcome}}: p50',
            },
            {
              expr: quantile(0.99, 'rolegate_redis_command_duration_seconds', ['outcome']),
              legend: '{{outcome}}: p99',
            },
          ],
        },
      ],
    },
    {
      title: 'Revocation',
      charts: [
        {
          title: 'Revocations',
          description: 'By where they came from.',
          unit: 'cps',
          queries: [
            { expr: `sum by (source, kind) (${rate('rolegate_revocations_total')})`, legend: '{{source}}: {{kind}}' },
          ],
        },
        {
          title: 'Connected to revocations',
          description: '0: verdicts of this gateway live for cache.whileDisconnected.',
          unit: 'short',
          steps: true,
          queries: [{ expr: of('rolegate_revocations_connected'), legend: '{{instance}}' }],
        },
        {
          title: 'Missed and undelivered',
          description:
            'Revocations that Redis did not take or a replica did not acknowledge, and times that everything was dropped.',
          unit: 'cps',
          queries: [
            { expr: `sum(${rate('rolegate_revocations_undelivered_total')})`, legend: 'undelivered' },
            { expr: `sum(${rate('rolegate_revocations_unacknowledged_total')})`, legend: 'unacknowledged' },
            {
              expr: `sum(${rate('rolegate_revocation_catch_ups_total', 'outcome="lost"')}) or vector(0)`,
              legend: 'everything dropped',
            },
          ],
        },
      ],
    },
    {
      title: 'Refused and ended',
      charts: [
        {
          title: 'Throttled authentications',
          description: 'Credentials that got 429, because too many authentications of their client or key had failed.',
          unit: 'cps',
          queries: [{ expr: `sum by (by) (${rate('rolegate_authentication_throttled_total')})`, legend: 'by {{by}}' }],
        },
        sumBy(
          'place',
          'Revoked verdicts',
          'Verdicts that were not used because of a revocation, by where they were.',
          'cps',
          rate('rolegate_revoked_verdicts_total'),
        ),
        sumBy(
          'outcome',
          'Rechecks of open streams',
          'Access of open streams that was decided again: kept, ended or unknown.',
          'cps',
          rate('rolegate_stream_rechecks_total'),
        ),
      ],
    },
  ],
};
