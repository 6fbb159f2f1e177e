/** The dashboard for traffic: requests, refusals by reason, and how long clients wait. */
import { type DashboardContent, quantile, rate } from './dashboard.ts';

const requests = 'rolegate_requests_total';

export const traffic: DashboardContent = {
  name: 'traffic',
  title: 'Traffic and refusals',
  description: 'Requests by outcome and status, refusals by reason and route, and how long clients wait.',
  figures: [
    { title: 'Requests', description: 'Requests per second.', unit: 'reqps', expr: `sum(${rate(requests)})` },
    {
      title: 'Refused',
      description: 'Share of requests that the gateway refused.',
      unit: 'percentunit',
      expr: `(sum(${rate(requests, 'outcome="refuse"')}) or vector(0)) / sum(${rate(requests)})`,
    },
    {
      title: 'Server errors',
      description: 'Share of requests with a status of 500 or more, of the service or of the gateway.',
      unit: 'percentunit',
      expr: `(sum(${rate(requests, 'status=~"5.."')}) or vector(0)) / sum(${rate(requests)})`,
      warnAt: 0.001,
      badAt: 0.01,
    },
    {
      title: 'Duration, p99',
      description: 'Time in which 99 % of requests end.',
      unit: 's',
      expr: quantile(0.99, 'rolegate_request_duration_seconds'),
    },
    {
      title: 'Firing alerts',
      description: 'Alerts of monitoring/alerts.yaml that fire now.',
      unit: 'short',
      expr: 'count(ALERTS{alertname=~"Rolegate.+", alertstate="firing"}) or vector(0)',
      badAt: 1,
    },
  ],
  rows: [
    {
      title: 'Requests',
      charts: [
        {
          title: 'Requests by outcome',
          description:
            'allow: forwarded; refuse: refused; fail: allowed, but forwarding failed; page: a page of sign-in; abandon: broken off before a decision.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: `sum by (outcome) (${rate(requests)})`, legend: '{{outcome}}' }],
        },
        {
          title: 'Requests by status',
          description: 'Status that the client got.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: `sum by (status) (${rate(requests)})`, legend: '{{status}}' }],
        },
        {
          title: 'Requests by route',
          description: 'The ten routes with most requests.',
          unit: 'reqps',
          queries: [{ expr: `topk(10, sum by (route) (${rate(requests)}))`, legend: '{{route}}' }],
        },
      ],
    },
    {
      title: 'Refusals',
      charts: [
        {
          title: 'Refusals by reason',
          description: 'Reasons are explained in the reference of reasons.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: `sum by (reason) (${rate('rolegate_refusals_total')}) > 0`, legend: '{{reason}}' }],
        },
        {
          title: 'Refusals by route',
          description: 'The ten routes with most refusals.',
          unit: 'reqps',
          queries: [{ expr: `topk(10, sum by (route) (${rate('rolegate_refusals_total')}))`, legend: '{{route}}' }],
        },
        {
          title: 'Unmet conditions',
          description: 'Requests that a condition of their route refused, by its word.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (route, condition) (${rate('rolegate_condition_refusals_total')})`,
              legend: '{{route}}: {{condition}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Time',
      charts: [
        {
          title: 'Duration of requests',
          description: 'From the received headers to the end of the response.',
          unit: 's',
          queries: [
            { expr: quantile(0.5, 'rolegate_request_duration_seconds'), legend: 'p50' },
            { expr: quantile(0.95, 'rolegate_request_duration_seconds'), legend: 'p95' },
            { expr: quantile(0.99, 'rolegate_request_duration_seconds'), legend: 'p99' },
          ],
        },
        {
          title: 'Duration of requests, p99 by route',
          description: 'Time in which 99 % of the requests of a route end; the ten slowest.',
          unit: 's',
          queries: [
            {
              expr: `topk(10, ${quantile(0.99, 'rolegate_request_duration_seconds', ['route'])})`,
              legend: '{{route}}',
            },
          ],
        },
        {
          title: 'Duration of decisions, p99 by source',
          description:
            'Time from the received headers in which 99 % of decisions are made, by where the verdict came from.',
          unit: 's',
          queries: [{ expr: quantile(0.99, 'rolegate_decision_duration_seconds', ['source']), legend: '{{source}}' }],
        },
      ],
    },
    {
      title: 'Bodies and other entrypoints',
      charts: [
        {
          title: 'Bytes of bodies',
          description: 'Of requests, and of responses.',
          unit: 'Bps',
          queries: [
            { expr: `sum(${rate('rolegate_received_body_bytes_total')})`, legend: 'received' },
            { expr: `sum(${rate('rolegate_sent_body_bytes_total')})`, legend: 'sent' },
          ],
        },
        {
          title: 'Broken off',
          description:
            'Clients that went away before the response was whole, and responses that an upstream broke off.',
          unit: 'reqps',
          queries: [
            { expr: `sum(${rate('rolegate_requests_aborted_total')})`, legend: 'by the client' },
            { expr: `sum(${rate('rolegate_responses_cut_total')})`, legend: 'by an upstream' },
          ],
        },
        {
          title: 'Checks of other proxies',
          description: 'Of the external authorizer, by dialect and outcome.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (dialect, outcome) (${rate('rolegate_authorizer_checks_total')})`,
              legend: '{{dialect}}: {{outcome}}',
            },
          ],
        },
      ],
    },
  ],
};
