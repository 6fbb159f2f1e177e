/**
 * `GET /decisions` and `GET /decisions/{id}`: recorded requests. They identify users, so only a caller with a token may read them, even if
 * other endpoints can be read without one.
 */
import type { AdminRequest, Endpoint } from './endpoints.ts';
import { type AdminResponse, json } from './responses.ts';

export interface Filter {
  readonly route?: string;
  readonly reason?: string;
  readonly user?: string;
  readonly key?: string;
  readonly client?: string;
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

/** Plain data without secrets. */
export interface DecisionSources {
  /** By `x-error-id` or `x-request-id`; null: not found. */
  find(id: string): Promise<object | null>;
  /** The newest first. */
  list(filter: Filter, most: number): Promise<readonly object[]>;
}

const names = ['route', 'reason', 'user', 'key', 'client'] as const;
const times = ['since', 'until'] as const;
const isoTime = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/;
const usualLimit = 100;
const maxListed = 1000;

export function decisionEndpoints(sources: DecisionSources): readonly (readonly [path: string, Endpoint])[] {
  const withToken = (respond: Endpoint['respond']): Endpoint => ({
    method: 'GET',
    access: 'read',
    evenReading: true,
    respond,
  });
  return [
    ['/decisions', withToken(({ url }) => listed(sources, url))],
    ['/decisions/{id}', withToken(({ url }) => found(sources, url))],
  ];
}

async function found(sources: DecisionSources, url: AdminRequest['url']): Promise<AdminResponse> {
  const id = decoded(url.pathname.slice('/decisions/'.length));
  const decision = /^[\x21-\x7e]{1,128}$/.test(id) ? await sources.find(id) : null;
  return decision === null ? { refused: 'decision_unknown' } : json(decision);
}

async function listed(sources: DecisionSources, { searchParams }: AdminRequest['url']): Promise<AdminResponse> {
  const limit = Number(searchParams.get('limit') ?? usualLimit);
  const filter = filterOf(searchParams);
  if (filter === null || !Number.isInteger(limit) || limit < 1 || limit > maxListed) {
    const detail = `parameters are ${names.join(', ')}, ${times.join(' and ')} (ISO 8601), and limit, from 1 to ${maxListed}`;
    return { refused: 'question_invalid', members: { detail } };
  }
  return json({ decisions: await sources.list(filter, limit) });
}

/** Null: a parameter is unknown, or not a time. */
function filterOf(parameters: URLSearchParams): Filter | null {
  const filter: Record<string, string | number> = {};
  for (const [name, value] of parameters) {
    if (names.some((one) => one === name)) filter[name] = value;
    else if (times.some((one) => one === name)) {
      const moment = isoTime.test(value) ? Date.parse(value) : Number.NaN;
      if (Number.isNaN(moment)) return null;
      filter[`${name}Ms`] = moment;
    } else if (name !== 'limit') return null;
  }
  return filter;
}

/** Empty: not readable. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}
