/**
 * `GET /decisions` and `GET /decisions/{id}`: recorded requests. They identify users, so only a caller with a token may read them, even if
 * other operations need none.
 */
import { z } from 'zod';
import { decodeSegment } from '../operations/operation.ts';
import { Refusal } from '../operations/refusal.ts';
import type { DecisionFilter } from '../telemetry/records/recent-decisions.ts';
import { defineOperation, json, type Operation, withToken } from './operation.ts';

/** Plain data without secrets. */
export interface DecisionSources {
  /** By `x-error-id` or `x-request-id`; null: not found. */
  find(id: string): Promise<object | null>;
  /** The newest first. */
  list(filter: DecisionFilter, max: number): Promise<readonly object[]>;
}

const defaultLimit = 100;
const maxListed = 1000;
const expected = `parameters are route, reason, user, key, client, since and until (ISO 8601), and limit, from 1 to ${maxListed}`;

const moment = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/, expected)
  .transform((text) => Date.parse(text))
  .pipe(z.number(expected));

const query = z.strictObject(
  {
    reason: z.string().describe('Only with this reason.').optional(),
    route: z.string().describe('Only on this route.').optional(),
    user: z.string().describe('Only of this user.').optional(),
    key: z.string().describe('Only with this key id.').optional(),
    client: z.string().describe('Only of this client address.').optional(),
    since: moment.describe('Only from this time on (ISO 8601).').optional(),
    until: moment.describe('Only up to this time (ISO 8601).').optional(),
    limit: z.coerce
      .number(expected)
      .int(expected)
      .min(1, expected)
      .max(maxListed, expected)
      .default(defaultLimit)
      .describe(`Maximum number, up to ${maxListed}. If unset, ${defaultLimit}.`),
  },
  expected,
);

export function decisionOperations(sources: DecisionSources): readonly Operation[] {
  return [
    defineOperation({
      name: 'getDecisions',
      summary: 'Recorded requests, newest first.',
      method: 'GET',
      paths: ['/decisions'],
      credential: withToken('read', 'always'),
      query,
      returns: 'Their log lines, under "decisions".',
      refusals: ['question_invalid'],
      async handle({ query: { limit, since, until, ...named } }) {
        const times = {
          ...(since === undefined ? {} : { sinceMs: since }),
          ...(until === undefined ? {} : { untilMs: until }),
        };
        return json({ decisions: await sources.list({ ...named, ...times } as DecisionFilter, limit) });
      },
    }),
    defineOperation({
      name: 'getDecisionsId',
      summary: 'One request by its x-error-id or x-request-id, explained.',
      method: 'GET',
      paths: ['/decisions/{id}'],
      credential: withToken('read', 'always'),
      params: z.object({ id: z.string() }),
      returns: 'Its log line, identity and explanation.',
      refusals: ['decision_unknown'],
      async handle({ params }) {
        const id = decodeSegment(params.id);
        const decision = /^[\x21-\x7e]{1,128}$/.test(id) ? await sources.find(id) : null;
        return decision === null ? new Refusal('decision_unknown') : json(decision);
      },
    }),
  ];
}
