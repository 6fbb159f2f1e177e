/** What the admin port shows. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteTable } from '../../core/routing/compile-routes.ts';
import { describeRoutes } from '../../core/routing/describe-routes.ts';
import { type ReadyReport, readyChecks, whyNotReady } from './ready-report.ts';
import { writeAnswer, writeJson, writeRefusal } from './write-answer.ts';

export interface EndpointSources {
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
  /** Whether the process works at all; it is restarted when not. */
  live(): boolean;
  /** Asked by one probe at a time. */
  ready(): Promise<ReadyReport>;
  routes(): RouteTable;
}

export type Endpoint = (res: ServerResponse) => void | Promise<void>;

/** Rejects when what is to be shown cannot be had. */
export async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  endpoints: ReadonlyMap<string, Endpoint>,
): Promise<void> {
  const target = req.url ?? '';
  const query = target.indexOf('?');
  const endpoint = endpoints.get(query < 0 ? target : target.slice(0, query));
  if (endpoint === undefined) return writeRefusal(res, 'route_not_found');
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    return writeRefusal(res, 'method_not_allowed', { allow: 'GET, HEAD' });
  }
  await endpoint(res);
}

export function createEndpoints(options: EndpointSources): ReadonlyMap<string, Endpoint> {
  let asking: Promise<ReadyReport> | null = null;
  const ready = () => {
    asking ??= options.ready().finally(() => {
      asking = null;
    });
    return asking;
  };
  const endpoints = new Map<string, Endpoint>([
    [
      '/metrics',
      async (res) => {
        const { type, text } = await options.metrics();
        writeAnswer(res, type, text);
      },
    ],
    [
      '/health/live',
      (res) => (options.live() ? writeJson(res, { status: 'live' }) : writeRefusal(res, 'internal_error')),
    ],
    [
      '/health/ready',
      async (res) => {
        const report = await ready();
        const checks = readyChecks(report);
        const reason = whyNotReady(report);
        if (reason === null) writeJson(res, { status: 'ready', checks });
        else writeRefusal(res, reason, { members: { checks } });
      },
    ],
    ['/routes', (res) => writeJson(res, { routes: describeRoutes(options.routes()) })],
  ]);
  const index = `Rolegate\n\n${[...endpoints.keys()].map((path) => `${path}\n`).join('')}`;
  endpoints.set('/', (res) => writeAnswer(res, 'text/plain; charset=utf-8', index));
  return endpoints;
}
