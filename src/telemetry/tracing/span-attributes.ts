/**
 * Attributes of spans: OpenTelemetry's semantic conventions for HTTP, and our own under `rolegate.`. Never a query, a credential, a body, a
 * user or a client address.
 */
import type { Attributes } from '@opentelemetry/api';
import type { SourceCall } from '../../identity/events.ts';
import type { AuthApiRequestEnd } from '../auth-api-events.ts';
import { loggedPath } from '../log/access-log.ts';
import type { RequestRecord } from '../request-record.ts';
import { conditionOf, outcomeOf } from '../request-record.ts';

/** Other methods are `_OTHER`, so that a client cannot choose names of spans. */
const knownMethods: ReadonlySet<string> = new Set([
  ...['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE', 'QUERY'],
]);

const maxPath = 1024;
const maxHost = 255;

export function spanName({ method, decision }: RequestRecord): string {
  return nameOf(method, decision?.route?.pattern.path);
}

export function requestAttributes(record: RequestRecord): Attributes {
  const { decision, dialect, errorId, host, path, reason, status } = record;
  const route = decision?.route ?? null;
  const condition = conditionOf(record);
  return {
    ...methodOf(record.method),
    ...(path === '' ? {} : { 'url.path': loggedPath(path).slice(0, maxPath) }),
    ...(host === '' ? {} : { 'server.address': host.slice(0, maxHost) }),
    ...(route === null ? {} : { 'http.route': route.pattern.path, 'rolegate.route': route.id }),
    ...(status === 0 ? {} : { 'http.response.status_code': status }),
    ...(reason === null ? {} : { 'error.type': reason }),
    'rolegate.entrypoint': record.entrypoint,
    ...(dialect === null ? {} : { 'rolegate.dialect': dialect }),
    'rolegate.outcome': outcomeOf(record),
    ...(condition === null ? {} : { 'rolegate.condition': condition }),
    ...(errorId === null ? {} : { 'rolegate.error_id': errorId }),
    'rolegate.request_id': record.requestId.slice(0, 128),
  };
}

export function decideAttributes({ decision }: RequestRecord): Attributes {
  if (decision === null) return {};
  const { outcome, source, stage } = decision;
  return {
    'rolegate.outcome': outcome,
    'rolegate.stage': stage,
    'rolegate.source': source,
    ...(outcome === 'refuse' ? { 'error.type': decision.reason } : {}),
  };
}

export function upstreamAttributes(record: RequestRecord): Attributes {
  const { cut, decision, reason, respondedAt, status, target } = record;
  // Failures after that replace the response to the client.
  const responded = respondedAt > 0 && (reason === null || cut);
  return {
    ...methodOf(record.method),
    ...(target === null ? {} : placeOf(target)),
    ...(responded ? { 'http.response.status_code': status } : {}),
    ...(reason === null ? {} : { 'error.type': reason }),
    'rolegate.upstream': decision?.route?.upstream ?? '',
  };
}

export function sourceAttributes({ source, method, url }: SourceCall): Attributes {
  return { ...methodOf(method), ...placeOf(url), 'url.full': url, 'rolegate.credential_source': source };
}

/** For a request to the Auth API. Its path appears only as the operation's pattern, because a parameter can identify a user. */
export function authApiAttributes({ method, operation, status, code, errorId }: AuthApiRequestEnd): Attributes {
  return {
    ...methodOf(method),
    'url.scheme': 'http',
    ...(operation === null ? {} : { 'http.route': operation.path, 'rolegate.operation': operation.name }),
    ...(operation === null || operation.path.includes('{') ? {} : { 'url.path': operation.path }),
    ...(status === 0 ? {} : { 'http.response.status_code': status }),
    ...(code === null ? {} : { 'error.type': code }),
    ...(errorId === null ? {} : { 'rolegate.error_id': errorId }),
  };
}

export function authApiSpanName({ method, operation }: AuthApiRequestEnd): string {
  return nameOf(method, operation?.path);
}

/** By a pattern, never by a path that a client can choose. */
function nameOf(method: string, pattern: string | undefined): string {
  const name = knownMethods.has(method) ? method : 'HTTP';
  return pattern === undefined ? name : `${name} ${pattern}`;
}

function methodOf(method: string): Attributes {
  return { 'http.request.method': knownMethods.has(method) ? method : '_OTHER' };
}

function placeOf(url: string): Attributes {
  const { hostname, port, protocol } = new URL(url);
  const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  return { 'server.address': hostname, 'server.port': number };
}
