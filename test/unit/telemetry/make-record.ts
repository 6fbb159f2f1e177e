/** Makes the records that the telemetry tests observe, and collects log output. */
import { onTestFinished } from 'vitest';
import { type Decision, refuse } from '../../../src/core/decision.ts';
import type { ReasonCode } from '../../../src/core/outcome/reasons.ts';
import type { Route } from '../../../src/core/routing/route.ts';
import type { RouteTable } from '../../../src/core/routing/route-table.ts';
import { createTelemetry, type Telemetry } from '../../../src/telemetry/create-telemetry.ts';
import type { LogSettings } from '../../../src/telemetry/log/access-log.ts';
import type { RequestRecord } from '../../../src/telemetry/request-record.ts';
import { makeIdentity, makeTable } from '../core/make-policy.ts';

export const table: RouteTable = makeTable([
  { on: '/v1/orders/**', id: 'orders', access: ['user'] },
  { on: '/public/**', id: 'public' },
]);

export function routeOf(id: string, from: RouteTable = table): Route {
  const route = from.routes.find((one) => one.id === id);
  if (route === undefined) throw new Error(`no route ${id}`);
  return route;
}

const request = {
  method: 'GET',
  host: 'api.example.test',
  authority: 'api.example.test',
  unmerged: null,
  ambiguities: 0,
} as const;

export function allowed(route: Route = routeOf('orders'), query = ''): Decision {
  return {
    outcome: 'allow',
    reason: null,
    stage: 'authorize',
    request: { ...request, path: '/v1/orders/7', query },
    route,
    identity: makeIdentity(),
    source: 'memory',
    resolution: null,
    stale: false,
  };
}

export function refused(
  reason: ReasonCode,
  route: Route | null = routeOf('orders'),
  details: Parameters<typeof refuse>[2] = {},
): Decision {
  const asked = { ...request, path: '/v1/orders/7', query: '' };
  return refuse(
    { stage: 'resolve', request: asked, route, identity: null, source: 'none', resolution: null },
    reason,
    details,
  );
}

/** Refused by a condition with this word. */
export function unmet(word: string): Decision {
  const condition = {
    word,
    message: `A condition of this resource is not met: ${word}`,
    unless: null,
    unlessSource: [],
    only: null,
    onlySource: [],
    methods: null,
    exceptMethods: [],
    name: null,
    policy: null,
    reason: 'condition_failed' as const,
    steps: [],
  };
  return refused('condition_failed', routeOf('orders'), { condition });
}

/** A completed request of 5 ms, changed by a part. */
export function makeRecord(part: Partial<RequestRecord> = {}): RequestRecord {
  return {
    entrypoint: 'proxy',
    dialect: null,
    decision: allowed(),
    method: 'GET',
    path: '/v1/orders/7',
    host: 'api.example.test',
    status: 200,
    reason: null,
    errorId: null,
    requestId: '0b8ac8ab-6dd7-4d3a-8b57-6f9c2bb2a3d1',
    traceId: null,
    trace: null,
    userAgent: 'client/1.0',
    client: '192.0.2.7',
    target: 'http://orders-1:8080',
    aborted: false,
    cut: false,
    startedAt: 1000,
    decidedAt: 1000.25,
    respondedAt: 1003.25,
    endedAt: 1005,
    bytesIn: 0,
    bytesOut: 12,
    cause: null,
    ...part,
  };
}

export interface Collected {
  readonly telemetry: Telemetry;
  /** The text written so far, after closing. */
  text(): Promise<string>;
  lines(): Promise<Record<string, unknown>[]>;
}

export function collect(
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent' = 'info',
  access: LogSettings['access'] = true,
  { random = () => 0.5, ...log }: Partial<LogSettings> & { readonly random?: () => number } = {},
): Collected {
  let written = '';
  const telemetry = createTelemetry({
    log: { level, access, ...log },
    version: '1.2.3',
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    random,
    destination: {
      write: (chunk) => {
        written += chunk;
      },
    },
  });
  telemetry.useRoutes(table);
  onTestFinished(() => telemetry.close());
  const text = async () => {
    await telemetry.close();
    return written;
  };
  return {
    telemetry,
    text,
    lines: async () =>
      (await text())
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
