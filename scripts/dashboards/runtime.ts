/** The dashboard of processes: what they use, what their limits turn away, and which configuration they have. */
import { type DashboardContent, of, rate } from './dashboard.ts';

export const runtime: DashboardContent = {
  name: 'runtime',
  title: 'Runtime and capacity',
  description: 'CPU, memory, event loop, connections, limits, workers and configuration of the gateways.',
  figures: [
    {
      title: 'Gateways',
      description: 'Processes that are scraped.',
      unit: 'short',
      expr: `count(${of('rolegate_build_info')})`,
    },
    {
      title: 'Configuration',
      description: 'Share of gateways that use the configuration on their disk.',
      unit: 'percentunit',
      expr: `avg(${of('rolegate_config_last_load_successful')})`,
      badAt: 1,
      lowIsBad: true,
    },
    {
      title: 'Busiest CPU',
      description: 'Cores that the busiest gateway uses. One process uses about one.',
      unit: 'short',
      expr: `max(${rate('process_cpu_seconds_total')})`,
    },
    {
      title: 'Turned away',
      description: 'Share of new requests that a gateway turns away, because it falls behind.',
      unit: 'percentunit',
      expr: `max(${of('rolegate_shed_ratio')})`,
      badAt: 0.001,
    },
    {
      title: 'File descriptors',
      description: 'Share that is used, of the gateway that uses most.',
      unit: 'percentunit',
      expr: `max(${of('process_open_fds')} / ${of('process_max_fds')})`,
      warnAt: 0.7,
      badAt: 0.9,
    },
  ],
  rows: [
    {
      title: 'Process',
      charts: [
        {
          title: 'CPU',
          description: 'Cores that each gateway uses.',
          unit: 'short',
          queries: [{ expr: rate('process_cpu_seconds_total'), legend: '{{instance}}' }],
        },
        {
          title: 'Memory',
          description: 'Resident memory of each gateway.',
          unit: 'bytes',
          queries: [{ expr: of('process_resident_memory_bytes'), legend: '{{instance}}' }],
        },
        {
          title: 'Delay of the event loop',
          description: 'Slowest percent. Above 50 ms clients notice.',
          unit: 's',
          queries: [{ expr: of('nodejs_eventloop_lag_p99_seconds'), legend: '{{instance}}' }],
        },
      ],
    },
    {
      title: 'Memory in detail',
      charts: [
        {
          title: 'Heap',
          description: 'Used heap of each gateway.',
          unit: 'bytes',
          queries: [{ expr: of('nodejs_heap_size_used_bytes'), legend: '{{instance}}' }],
        },
        {
          title: 'Garbage collection',
          description: 'Share of time.',
          unit: 'percentunit',
          queries: [{ expr: `sum by (kind) (${rate('nodejs_gc_duration_seconds_sum')})`, legend: '{{kind}}' }],
        },
        {
          title: 'Buffers and verdicts',
          description: 'Memory of waiting bodies, and of verdicts.',
          unit: 'bytes',
          queries: [
            { expr: `sum(${of('rolegate_body_buffer_bytes')})`, legend: 'bodies' },
            { expr: `sum(${of('rolegate_cache_bytes')})`, legend: 'verdicts' },
          ],
        },
      ],
    },
    {
      title: 'Connections and limits',
      charts: [
        {
          title: 'Connections of clients',
          description: 'Open now.',
          unit: 'short',
          queries: [{ expr: of('rolegate_connections_open'), legend: '{{instance}}' }],
        },
        {
          title: 'Requests in flight',
          description: 'Being served now.',
          unit: 'short',
          queries: [{ expr: of('rolegate_requests_in_flight'), legend: '{{instance}}' }],
        },
        {
          title: 'Connections that a limit ended',
          description: 'Refused at once (total, client), or ended (idle, requests, unread).',
          unit: 'cps',
          queries: [
            { expr: `sum by (limit) (${rate('rolegate_connections_refused_total')})`, legend: 'refused: {{limit}}' },
            { expr: `sum by (limit) (${rate('rolegate_connections_ended_total')})`, legend: 'ended: {{limit}}' },
          ],
        },
      ],
    },
    {
      title: 'Configuration, workers and log',
      charts: [
        {
          title: 'Reloads',
          description: 'Configurations read, by result.',
          unit: 'cps',
          queries: [{ expr: `sum by (result) (${rate('rolegate_config_loads_total')})`, legend: '{{result}}' }],
        },
        {
          title: 'Requests by worker',
          description: 'How connections spread over worker processes.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (instance, worker) (${rate('rolegate_worker_requests_total')})`,
              legend: '{{instance}}: {{worker}}',
            },
          ],
        },
        {
          title: 'Workers that ended, lost log lines',
          description: 'Both are 0 unless something is wrong.',
          unit: 'cps',
          queries: [
            { expr: `sum(${rate('rolegate_worker_restarts_total')}) or vector(0)`, legend: 'workers' },
            { expr: `sum(${rate('rolegate_log_lines_dropped_total')})`, legend: 'log lines' },
          ],
        },
      ],
    },
  ],
};
