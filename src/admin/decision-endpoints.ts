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
}

/** Plain data without secrets. */
export interface DecisionSources {
  /** By `x-error-id` or `x-request-id`; null: not found. */
  find(id: string): Promise<object | null>;
  /** The newest first. */
  list(filter: Filter, most: number): Promise<readonly object[]>;
}

const names = ['route', 'reason', 'user'] as const;
const usualLimit = 100;
const mostListed = 1000;

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
  const unknown = [...searchParams.keys()].find((name) => name !== 'limit' && !names.some((one) => one === name));
  const limit = Number(searchParams.get('limit') ?? usualLimit);
  if (unknown !== undefined || !Number.isInteger(limit) || limit < 1 || limit > mostListed) {
    const detail = `parameters are ${names.join(', ')} and limit, from 1 to ${mostListed}`;
    return { refused: 'question_invalid', members: { detail } };
  }
  const filter: Record<string, string> = {};
  for (const name of names) {
    const value = searchParams.get(name);
    if (value !== null) filter[name] = value;
  }
  return json({ decisions: await sources.list(filter, limit) });
}

/** Empty: not readable. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}
