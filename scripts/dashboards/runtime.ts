/** The dashboard for processes: resource usage, requests that limits refuse, and the active configuration. */
import { type DashboardContent, of, perGateway, rate, sumBy } from './dashboard.ts';

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
        perGateway('CPU', 'Cores that each gateway uses.', 'short', rate('process_cpu_seconds_total')),
        perGateway('Memory', 'Resident memory of each gateway.', 'bytes', of('process_resident_memory_bytes')),
        perGateway(
          'Delay of the event loop',
          'Slowest percent. Above 50 ms clients notice.',
          's',
          of('nodejs_eventloop_lag_p99_seconds'),
        ),
      ],
    },
    {
      title: 'Memory in detail',
      charts: [
        perGateway('Heap', 'Used heap of each gateway.', 'bytes', of('nodejs_heap_size_used_bytes')),
        sumBy('kind', 'Garbage collection', 'Share of time.', 'percentunit', rate('nodejs_gc_duration_seconds_sum')),
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
        perGateway('Connections of clients', 'Open now.', 'short', of('rolegate_connections_open')),
        perGateway('Requests in flight', 'Being served now.', 'short', of('rolegate_requests_in_flight')),
        {
          title: 'Connections that a limit ended',
          description: 'Refused at once (total, client), or ended (idle, requests, unread, lingering).',
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
        sumBy('result', 'Reloads', 'Configurations read, by result.', 'cps', rate('rolegate_config_loads_total')),
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
