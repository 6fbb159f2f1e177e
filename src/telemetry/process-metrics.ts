/** The part of the catalog that tells of the process, or of the several that a gateway is made of. */
import type { MetricDefinition } from './metric-definition.ts';

export const processMetrics = {
  configLoads: {
    name: 'rolegate_config_loads_total',
    type: 'counter',
    across: 'first',
    labels: ['result'],
    help: 'Configurations read, at start and at every reload: ok or failed.',
  },
  configOk: {
    name: 'rolegate_config_last_load_successful',
    type: 'gauge',
    across: 'first',
    labels: [],
    help: 'Whether the last configuration that was read is the one in use: 0 after a refused reload.',
  },
  configLoadedAt: {
    name: 'rolegate_config_last_success_timestamp_seconds',
    type: 'gauge',
    across: 'first',
    labels: [],
    help: 'When the configuration in use was loaded, in seconds since the epoch.',
  },
  configRoutes: {
    name: 'rolegate_config_routes',
    type: 'gauge',
    across: 'first',
    labels: [],
    help: 'Routes of the configuration in use.',
  },
  logDropped: {
    name: 'rolegate_log_lines_dropped_total',
    type: 'counter',
    labels: [],
    help: 'Log lines thrown away because whoever reads the log is too slow.',
  },
  workersServing: {
    name: 'rolegate_workers_serving',
    type: 'gauge',
    labels: [],
    help: 'Worker processes that take requests now; without samples where there is one process.',
  },
  workerRestarts: {
    name: 'rolegate_worker_restarts_total',
    type: 'counter',
    labels: [],
    help: 'Worker processes that ended and were started anew.',
  },
  workerRequests: {
    name: 'rolegate_worker_requests_total',
    type: 'counter',
    labels: ['worker'],
    help: 'Requests that ended, by the number of the worker process that had them.',
  },
  build: {
    name: 'rolegate_build_info',
    type: 'gauge',
    across: 'first',
    labels: ['version', 'node'],
    help: 'Always 1; the labels tell what is running.',
  },
} as const satisfies Record<string, MetricDefinition>;
