/** The table of the admin port: every operation that this process has, in the order in which it is described. */

import type { PublishedKeys } from '../assertion/signing-keys.ts';
import { describeRoutes } from '../core/routing/describe-routes.ts';
import type { RouteTable } from '../core/routing/route-table.ts';
import type { TakeEvent } from '../identity/security-events/event-exchange.ts';
import { type MetricsFormat, metricsFormat } from '../operations/metrics-format.ts';
import { headerValues } from '../operations/read-request.ts';
import { Refusal } from '../operations/refusal.ts';
import { Reply } from '../operations/responses.ts';
import { type DecisionSources, decisionOperations } from './decisions.ts';
import { eventOperations } from './events.ts';
import { type ExplainQuestioned, explainOperation } from './explain.ts';
import { byCaller, defineOperation, json, type Operation, open, withToken } from './operation.ts';
import { reachOperation, type ShowReach } from './reach.ts';
import { type ReadyReport, readyChecks, whyNotReady } from './ready-report.ts';
import { type RevocationSources, revocationOperations } from './revocations.ts';

export interface AdminSources {
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
   * file, and no such operation.
   */
  reload?(): ReloadResult | Promise<ReloadResult>;
  /** The settings in use, without secrets, as JSON. If unset: no such operation. */
  showConfig?(): string;
  /** What a role or an identity can reach. If unset: no such operation. */
  readonly reach?: ShowReach;
  /** How candidate rules compare with those in use; plain data without secrets. If unset: no such operation. */
  shadow?(): object | Promise<object>;
  /** Recorded requests. If unset: no such operations. */
  readonly decisions?: DecisionSources;
  /** Explains the decision on a request with a live credential. If unset: no such operation. */
  readonly explain?: ExplainQuestioned;
  /**
   * Public keys of signed identities; null: there is no key yet; undefined: nothing is signed. If unset:
   * no such operation.
   */
  identityKeys?(): PublishedKeys | null | undefined;
  /** If unset: nothing can be revoked, and there are no such operations. */
  readonly revocations?: RevocationSources;
  /** Receives tokens from issuers about their users. If unset: there are no such operations. */
  readonly takeEvent?: TakeEvent;
}

export type ReloadResult = readonly ReloadProblem[] | 'draining';

/** Why a configuration was not applied; contains no secret. */
export interface ReloadProblem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** A file can have any number of problems; `rolegate validate` shows all. */
const maxProblems = 50;

export function adminOperations(sources: AdminSources): readonly Operation[] {
  const { version, reload, showConfig, reach, shadow, decisions, explain, identityKeys, revocations, takeEvent } =
    sources;
  const operations: readonly Operation[] = [
    metricsOperation(sources),
    ...healthOperations(sources),
    defineOperation({
      name: 'getRoutes',
      summary: 'The effective table of routes.',
      method: 'GET',
      paths: ['/routes'],
      credential: withToken('read'),
      returns: 'Path, methods, access and limits of each route.',
      handle: async () => json({ routes: describeRoutes(sources.routes()) }),
    }),
    ...(reload === undefined ? [] : [reloadOperation(reload)]),
    ...(showConfig === undefined ? [] : [configOperation(showConfig)]),
    ...(reach === undefined ? [] : [reachOperation(reach)]),
    ...(shadow === undefined ? [] : [shadowOperation(shadow)]),
    ...(decisions === undefined ? [] : decisionOperations(decisions)),
    ...(explain === undefined ? [] : [explainOperation(explain)]),
    ...(identityKeys === undefined ? [] : [keysOperation(identityKeys)]),
    ...(revocations === undefined ? [] : revocationOperations(revocations)),
    ...(takeEvent === undefined ? [] : eventOperations(takeEvent)),
    defineOperation({
      name: 'getOpenapiJson',
      summary: 'This document.',
      method: 'GET',
      paths: ['/openapi.json'],
      credential: withToken('read'),
      returns: 'The operations of this process.',
      handle: async () => {
        const { describeAdminPort } = await import('./describe-admin-port.ts');
        return json(describeAdminPort([...operations, index], version));
      },
    }),
  ];
  const lines = operations.map(({ method, paths: [path] }) => (method === 'GET' ? `${path}\n` : `${method} ${path}\n`));
  const index = indexOperation(`Rolegate\n\n${lines.join('')}`);
  return [...operations, index];
}

function indexOperation(text: string): Operation {
  return defineOperation({
    name: 'get',
    summary: 'Lists the operations.',
    method: 'GET',
    paths: ['/'],
    credential: open,
    returns: 'One operation per line.',
    type: 'text/plain',
    handle: async () => new Reply(text, { type: 'text/plain; charset=utf-8' }),
  });
}

function metricsOperation({ metrics }: AdminSources): Operation {
  return defineOperation({
    name: 'getMetrics',
    summary: 'Metrics of Prometheus, or in OpenMetrics 1.0 by "Accept".',
    method: 'GET',
    paths: ['/metrics'],
    credential: withToken('metrics'),
    returns: 'The metrics.',
    type: 'text/plain',
    async handle({ rawHeaders }) {
      const { type, text } = await metrics(metricsFormat(headerValues(rawHeaders, 'accept').join()));
      return new Reply(text, { type });
    },
  });
}

function healthOperations({ live, ready }: AdminSources): readonly Operation[] {
  const report = oneAtATime(ready);
  return [
    defineOperation({
      name: 'getHealthLive',
      summary: 'Whether the process works.',
      method: 'GET',
      paths: ['/health/live'],
      credential: open,
      returns: 'It works.',
      refusals: ['internal_error'],
      handle: async () => (live() ? json({ status: 'live' }) : new Refusal('internal_error')),
    }),
    defineOperation({
      name: 'getHealthReady',
      summary: 'Whether requests can be served.',
      method: 'GET',
      paths: ['/health/ready'],
      credential: open,
      returns: 'Requests can be served; "checks" has the state of each dependency.',
      refusals: ['auth_unavailable', 'signing_key_missing', 'draining', 'not_ready'],
      handle: async ({ caller }) => readyResponse(await report(), caller.mayRead),
    }),
  ];
}

/** Addresses of the Auth API and its errors, and places in the configuration, are only for operators. */
function readyResponse(report: ReadyReport, mayRead: boolean) {
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
  return reason === null ? json({ status: 'ready', ...members }) : new Refusal(reason, { members });
}

function reloadOperation(reload: NonNullable<AdminSources['reload']>): Operation {
  return defineOperation({
    name: 'postReload',
    summary: 'Reloads the configuration.',
    method: 'POST',
    paths: ['/reload'],
    credential: withToken('write'),
    returns: 'The new configuration is in use.',
    refusals: ['reload_refused', 'draining'],
    async handle() {
      const problems = await reload();
      if (problems === 'draining') return new Refusal('draining');
      if (problems.length === 0) return json({ message: 'reloaded' });
      const listed = problems
        .slice(0, maxProblems)
        .map(({ file, line, message }) => ({ at: `${file}:${line}`, message }));
      return new Refusal('reload_refused', { members: { count: problems.length, problems: listed } });
    },
    changed: byCaller,
  });
}

function configOperation(showConfig: NonNullable<AdminSources['showConfig']>): Operation {
  return defineOperation({
    name: 'getConfig',
    summary: 'The settings in use, without secrets, and their digest.',
    method: 'GET',
    paths: ['/config'],
    credential: withToken('read', 'always'),
    returns: 'Settings by path, as in the file.',
    handle: async () => new Reply(`${showConfig()}\n`),
  });
}

function shadowOperation(shadow: NonNullable<AdminSources['shadow']>): Operation {
  return defineOperation({
    name: 'getShadow',
    summary: 'How a candidate configuration compares with the one in use.',
    method: 'GET',
    paths: ['/shadow'],
    credential: withToken('read'),
    returns: 'Counts and examples.',
    handle: async () => json(await shadow()),
  });
}

/** Public by nature: services that verify have no token. */
function keysOperation(identityKeys: NonNullable<AdminSources['identityKeys']>): Operation {
  return defineOperation({
    name: 'getWellKnownJwksJson',
    summary: 'Public keys of signed identities.',
    method: 'GET',
    paths: ['/.well-known/jwks.json'],
    credential: open,
    returns: 'A JWK Set.',
    type: 'application/jwk-set+json',
    cacheable: true,
    refusals: ['route_not_found', 'signing_key_missing'],
    async handle() {
      const keys = identityKeys();
      if (keys == null) return new Refusal(keys === null ? 'signing_key_missing' : 'route_not_found');
      const { type, text, cacheControl } = keys;
      return new Reply(text, { type, cacheControl });
    },
  });
}

function oneAtATime<T>(call: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  return () => {
    running ??= call().finally(() => {
      running = null;
    });
    return running;
  };
}
