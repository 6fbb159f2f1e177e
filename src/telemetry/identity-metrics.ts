/** The part of the catalog that tells of credentials: verdicts, the Auth API, and what is kept and shared of them. */
import { exchangeSeconds, type MetricDefinition } from './metric-definition.ts';

export const identityMetrics = {
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
  authApiFailures: {
    name: 'rolegate_auth_api_failures_total',
    type: 'counter',
    labels: ['failure'],
    help: 'Calls to the Auth API that gave no result: connection, certificate, timeout, protocol, status, body, field or request.',
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
    across: 'max',
    labels: ['url', 'state'],
    help: 'State of the circuit breaker before each URL of the Auth API: 1 for the current one.',
  },
  failovers: {
    name: 'rolegate_auth_api_failovers_total',
    type: 'counter',
    labels: ['url'],
    help: 'Calls to a URL of the Auth API because those before it failed.',
  },
  sharedLookUps: {
    name: 'rolegate_shared_lookups_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Look-ups for which replicas share one call to the Auth API, by how they went on.',
  },
  sharedLookUpWait: {
    name: 'rolegate_shared_lookup_wait_seconds',
    type: 'histogram',
    labels: [],
    help: 'Time that a look-up waited for the call of another replica.',
    buckets: exchangeSeconds,
  },
  refreshes: {
    name: 'rolegate_refreshes_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Verdicts in use whose time had come to be asked for again, by what became of them.',
  },
  evictions: {
    name: 'rolegate_cache_evictions_total',
    type: 'counter',
    labels: ['space'],
    help: 'Verdicts that had to leave memory for others before their time.',
  },
  revokedVerdicts: {
    name: 'rolegate_revoked_verdicts_total',
    type: 'counter',
    labels: ['place'],
    help: 'Verdicts that were not used because of a revocation, by where they were.',
  },
  cacheEntries: {
    name: 'rolegate_cache_entries',
    type: 'gauge',
    labels: ['space'],
    help: 'Verdicts in memory.',
  },
  cacheBytes: {
    name: 'rolegate_cache_bytes',
    type: 'gauge',
    labels: [],
    help: 'Memory that verdicts take, estimated.',
  },
  lookups: {
    name: 'rolegate_lookups_in_flight',
    type: 'gauge',
    labels: [],
    help: 'Credentials that are being looked up now.',
  },
  redis: {
    name: 'rolegate_redis_operations_total',
    type: 'counter',
    labels: ['operation', 'outcome'],
    help: 'Uses of the shared cache.',
  },
} as const satisfies Record<string, MetricDefinition>;
