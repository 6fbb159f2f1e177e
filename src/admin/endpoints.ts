/** The endpoints of the admin port, for reading and for changes. */

import type { PublishedKeys } from '../assertion/signing-keys.ts';
import type { AdminScope } from '../config/config.ts';
import { describeRoutes } from '../core/routing/describe-routes.ts';
import type { RouteTable } from '../core/routing/route-table.ts';
import type { TakeEvent } from '../identity/security-events/event-exchange.ts';
import { type MetricsFormat, metricsFormat } from '../operations/metrics-format.ts';
import { headerValues } from '../operations/read-request.ts';
import { type DecisionSources, decisionEndpoints } from './decision-endpoints.ts';
import { eventEndpoints } from './event-endpoints.ts';
import { type ExplainQuestioned, explainEndpoint } from './explain-endpoint.ts';
import { openApiOf } from './openapi.ts';
import { reachEndpoint, type ShowReach } from './reach-endpoint.ts';
import { type ReadyReport, readyChecks, whyNotReady } from './ready-report.ts';
import { type AdminResponse, json, jsonText } from './responses.ts';
import { type RevocationSources, revocationEndpoints } from './revocation-endpoints.ts';

export interface EndpointSources {
  /** Of the program. */
  readonly version: string;
  metrics(format: MetricsFormat): Promise<{ readonly type: string; readonly text: string }>;
  /** Whether the process works; otherwise it is restarted. */
  live(): boolean;
  /** Called by one probe at a time. */
  ready(): Promise<ReadyReport>;
  routes(): RouteTable;
  /**
   * Reloads the configuration: no problems if it was applied, `draining` if the process is ending. If unset: there is no configuration
   * file, and no such endpoint.
   */
  reload?(): ReloadResult | Promise<ReloadResult>;
  /** The settings in use, without secrets, as JSON. If unset: no such endpoint. */
  showConfig?(): string;
  /** What a role or an identity can reach. If unset: no such endpoint. */
  readonly reach?: ShowReach;
  /** How candidate rules compare with those in use; plain data without secrets. If unset: no such endpoint. */
  shadow?(): object | Promise<object>;
  /** Recorded requests. If unset: no such endpoints. */
  readonly decisions?: DecisionSources;
  /** Explains the decision on a request with a live credential. If unset: no such endpoint. */
  readonly explain?: ExplainQuestioned;
  /**
   * Public keys of signed identities; null: there is no key yet; undefined: nothing is signed. If unset:
   * no such endpoint.
   */
  identityKeys?(): PublishedKeys | null | undefined;
  /** If unset: nothing can be revoked, and there are no such endpoints. */
  readonly revocations?: RevocationSources;
  /** Receives tokens from issuers about their users. If unset: there are no such endpoints. */
  readonly takeEvent?: TakeEvent;
}

export type ReloadResult = readonly ReloadProblem[] | 'draining';

/** Why a configuration was not applied; contains no secret. */
export interface ReloadProblem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /**
   * The scope that a token must have. `open` needs no token: probes have none. `signed` needs none either, because its response depends on
   * the signature of the body.
   */
  readonly access: 'open' | 'signed' | AdminScope;
  /** Without a configured token, reading is also refused: it shows users, or uses a credential. */
  readonly evenReading?: true;
  /** Media type that a `POST` must have; if unset: JSON. */
  readonly contentType?: string;
  /** Rejects if the data is not available. */
  respond(request: AdminRequest): AdminResponse | Promise<AdminResponse>;
}

export interface AdminRequest {
  readonly url: Pick<URL, 'pathname' | 'searchParams'>;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** The client key of the connection. */
  readonly client: string;
  /** Whether the caller has a token with the scope `read`; always false without a configured token. */
  readonly mayRead: boolean;
  /** Name of the caller's token; null: none. */
  readonly by: string | null;
}

/** A file can have any number of problems; `rolegate validate` shows all. */
const maxProblems = 50;

/** By path. */
export function createEndpoints(sources: EndpointSources): ReadonlyMap<string, Endpoint> {
  const shown = (respond: Endpoint['respond'], access: Endpoint['access'] = 'read'): Endpoint => ({
    method: 'GET',
    access,
    respond,
  });
  const ready = oneAtATime(sources.ready);
  const endpoints = new Map<string, Endpoint>([
    [
      '/metrics',
      shown(async ({ rawHeaders }) => {
        const { type, text } = await sources.metrics(metricsFormat(headerValues(rawHeaders, 'accept').join()));
        return { status: 200, type, body: text };
      }, 'metrics'),
    ],
    ['/health/live', shown(() => (sources.live() ? json({ status: 'live' }) : { refused: 'internal_error' }), 'open')],
    ['/health/ready', shown(async ({ mayRead }) => readyResponse(await ready(), mayRead), 'open')],
    ['/routes', shown(() => json({ routes: describeRoutes(sources.routes()) }))],
  ]);
  const { reload } = sources;
  if (reload !== undefined) {
    endpoints.set('/reload', { method: 'POST', access: 'write', respond: async () => reloadResponse(await reload()) });
  }
  const { reach, shadow, decisions, explain, showConfig } = sources;
  if (showConfig !== undefined) endpoints.set('/config', { ...shown(() => jsonText(showConfig())), evenReading: true });
  if (reach !== undefined) endpoints.set('/reach', reachEndpoint(reach));
  if (shadow !== undefined)
    endpoints.set(
      '/shadow',
      shown(async () => json(await shadow())),
    );
  if (decisions !== undefined) {
    for (const [path, endpoint] of decisionEndpoints(decisions)) endpoints.set(path, endpoint);
  }
  if (explain !== undefined) endpoints.set('/explain', explainEndpoint(explain));
  const { identityKeys, revocations } = sources;
  if (identityKeys !== undefined)
    endpoints.set(
      '/.well-known/jwks.json',
      shown(() => keysResponse(identityKeys()), 'open'),
    );
  if (revocations !== undefined) {
    for (const [path, endpoint] of revocationEndpoints(revocations)) endpoints.set(path, endpoint);
  }
  if (sources.takeEvent !== undefined) {
    for (const [path, endpoint] of eventEndpoints(sources.takeEvent)) endpoints.set(path, endpoint);
  }
  endpoints.set(
    '/openapi.json',
    shown(() => json(openApiOf(endpoints, sources.version))),
  );
  const lines = [...endpoints].map(([path, { method }]) => (method === 'GET' ? `${path}\n` : `${method} ${path}\n`));
  const index = `Rolegate\n\n${lines.join('')}`;
  endpoints.set(
    '/',
    shown(() => ({ status: 200, type: 'text/plain; charset=utf-8', body: index }), 'open'),
  );
  return endpoints;
}

/** Addresses of the Auth API and its errors, and places in the configuration, are only for operators. */
function readyResponse(report: ReadyReport, mayRead: boolean): AdminResponse {
  const checks = readyChecks(report);
  const authApiFailures = report.sources.flatMap(({ failures }) => failures);
  const { refusedReload = null } = report;
  const members = {
    checks,
    ...(report.config === undefined ? {} : { config: report.config }),
    ...(mayRead && refusedReload !== null ? { refusedReload } : {}),
    ...(mayRead && authApiFailures.length > 0 ? { authApiFailures } : {}),
  };
  const reason = whyNotReady(report);
  return reason === null ? json({ status: 'ready', ...members }) : { refused: reason, members };
}

/** Public by nature: services that verify have no token. */
function keysResponse(keys: PublishedKeys | null | undefined): AdminResponse {
  if (keys === undefined) return { refused: 'route_not_found' };
  if (keys === null) return { refused: 'signing_key_missing' };
  const { type, text, cacheControl } = keys;
  return { status: 200, type, body: text, cacheControl };
}

function reloadResponse(problems: ReloadResult): AdminResponse {
  if (problems === 'draining') return { refused: 'draining' };
  if (problems.length === 0) return json({ message: 'reloaded' }, 202);
  const listed = problems.slice(0, maxProblems).map(({ file, line, message }) => ({ at: `${file}:${line}`, message }));
  return { refused: 'reload_refused', members: { count: problems.length, problems: listed } };
}

function oneAtATime<T>(ask: () => Promise<T>): () => Promise<T> {
  let asking: Promise<T> | null = null;
  return () => {
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  };
}

/** The endpoint of a path: the path itself, or with `{id}` as its last segment; otherwise `(none)`. */
export function endpointName(path: string, endpoints: ReadonlyMap<string, Endpoint>): string {
  if (endpoints.has(path)) return path;
  const named = `${path.slice(0, path.lastIndexOf('/') + 1)}{id}`;
  return !path.endsWith('/') && endpoints.has(named) ? named : '(none)';
}
