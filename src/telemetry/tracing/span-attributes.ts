/**
 * What spans say, by the semantic conventions of OpenTelemetry for HTTP and, for what is ours, under `rolegate.`. Never a query, a
 * credential, a body, a user or the address of a client.
 */
import type { Attributes } from '@opentelemetry/api';
import type { SourceCall } from '../../identity/events.ts';
import { loggedPath } from '../log/access-log.ts';
import { conditionOf, outcomeOf, type RequestRecord } from '../request-record.ts';

/** Other methods are `_OTHER`, so that a client cannot make up names of spans. */
const knownMethods: ReadonlySet<string> = new Set([
  ...['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE', 'QUERY'],
]);

const longestPath = 1024;
const longestHost = 255;

export function spanName({ method, decision }: RequestRecord): string {
  const name = knownMethods.has(method) ? method : 'HTTP';
  const pattern = decision?.route?.pattern.path;
  return pattern === undefined ? name : `${name} ${pattern}`;
}

export function requestAttributes(record: RequestRecord): Attributes {
  const { decision, dialect, errorId, host, path, reason, status } = record;
  const route = decision?.route ?? null;
  const condition = conditionOf(record);
  return {
    ...methodOf(record.method),
    ...(path === '' ? {} : { 'url.path': loggedPath(path).slice(0, longestPath) }),
    ...(host === '' ? {} : { 'server.address': host.slice(0, longestHost) }),
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
  // What failed after that was sent to the client in place of the response.
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

function methodOf(method: string): Attributes {
  return { 'http.request.method': knownMethods.has(method) ? method : '_OTHER' };
}

function placeOf(url: string): Attributes {
  const { hostname, port, protocol } = new URL(url);
  const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  return { 'server.address': hostname, 'server.port': number };
}
