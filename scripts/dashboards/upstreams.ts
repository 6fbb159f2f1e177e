/** The dashboard for upstreams: latency of services, queued requests, and failures. */
import { type DashboardContent, of, quantile, rate } from './dashboard.ts';

const duration = 'rolegate_upstream_duration_seconds';

export const upstreams: DashboardContent = {
  name: 'upstreams',
  title: 'Upstreams',
  description: 'Duration, load and health of the services behind the gateway.',
  figures: [
    {
      title: 'Unhealthy targets',
      description: 'Targets that fail their health checks at some gateway.',
      unit: 'short',
      expr: `count(min by (upstream, target) (${of('rolegate_upstream_target_healthy')}) == 0) or vector(0)`,
      badAt: 1,
    },
    {
      title: 'In flight',
      description: 'Requests that upstreams serve now.',
      unit: 'short',
      expr: `sum(${of('rolegate_upstream_requests_in_flight')})`,
    },
    {
      title: 'Waiting',
      description: 'Requests that wait for a free connection.',
      unit: 'short',
      expr: `sum(${of('rolegate_upstream_requests_waiting')})`,
      warnAt: 1,
      badAt: 100,
    },
    {
      title: 'Duration, p99',
      description: 'Time in which 99 % of responses begin.',
      unit: 's',
      expr: quantile(0.99, duration),
    },
    {
      title: 'Failed',
      description: 'Requests per second that were allowed and could not be forwarded.',
      unit: 'reqps',
      expr: `sum(${rate('rolegate_requests_total', 'outcome="fail"')}) or vector(0)`,
      warnAt: 0.01,
      badAt: 1,
    },
  ],
  rows: [
    {
      title: 'Responses',
      charts: [
        {
          title: 'Responses by upstream',
          description: 'Responses that began.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: `sum by (upstream) (${rate(`${duration}_count`)})`, legend: '{{upstream}}' }],
        },
        {
          title: 'Duration, p50',
          description: 'Time from the decision to the beginning of the response, in which half of them begin.',
          unit: 's',
          queries: [{ expr: quantile(0.5, duration, ['upstream']), legend: '{{upstream}}' }],
        },
        {
          title: 'Duration, p99',
          description: 'Time from the decision to the beginning of the response, in which 99 % begin.',
          unit: 's',
          queries: [{ expr: quantile(0.99, duration, ['upstream']), legend: '{{upstream}}' }],
        },
      ],
    },
    {
      title: 'Load and health',
      charts: [
        {
          title: 'Requests in flight',
          description: 'Over all gateways.',
          unit: 'short',
          queries: [
            { expr: `sum by (upstream) (${of('rolegate_upstream_requests_in_flight')})`, legend: '{{upstream}}' },
          ],
        },
        {
          title: 'Waiting requests',
          description:
            'For a free connection. More than none for minutes: the service is slow, or has too few connections.',
          unit: 'short',
          queries: [
            { expr: `sum by (upstream) (${of('rolegate_upstream_requests_waiting')})`, legend: '{{upstream}}' },
          ],
        },
        {
          title: 'Healthy targets',
          description: '1, or 0 after two failed checks in a row at some gateway.',
          unit: 'short',
          steps: true,
          queries: [
            {
              expr: `min by (upstream, target) (${of('rolegate_upstream_target_healthy')})`,
              legend: '{{upstream}}: {{target}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Failures and streams',
      charts: [
        {
          title: 'Failures by reason',
          description: 'Requests that were allowed and failed while they were forwarded.',
          unit: 'reqps',
          stacked: true,
          queries: [
            {
              expr: `sum by (reason) (${rate('rolegate_refusals_total', 'reason=~"upstream_.+"')})`,
              legend: '{{reason}}',
            },
          ],
        },
        {
          title: 'Wait for a turn, p99',
          description: 'Slowest percent of the requests that had to wait for their turn.',
          unit: 's',
          queries: [{ expr: quantile(0.99, 'rolegate_upstream_wait_seconds', ['upstream']), legend: '{{upstream}}' }],
        },
        {
          title: 'Open streams',
          description: 'WebSockets, and all streams whose access is watched.',
          unit: 'short',
          queries: [
            { expr: `sum(${of('rolegate_tunnels_open')})`, legend: 'upgraded connections' },
            { expr: `sum(${of('rolegate_streams_open')})`, legend: 'watched streams' },
          ],
        },
      ],
    },
  ],
};
