/** Responses of an operation: its success, and its refusals by status with every code that they may contain. */
import type { Operation } from '../operation.ts';
import type { ReasonTable } from '../refusal.ts';
import { problemType } from '../responses.ts';
import type { JsonSchema } from './named-schemas.ts';

const header = (name: string) => ({ $ref: `#/components/headers/${name}` });

type Table = Pick<ReasonTable<string>, 'reasons' | 'urn'>;

type Result = Pick<Operation<never, never>, 'status' | 'returns' | 'type' | 'cacheable'>;

export function describeSuccess(
  { status, returns, type = 'application/json', cacheable }: Result,
  schema: JsonSchema | null,
): Record<string, unknown> {
  return {
    [status]: {
      description: returns ?? (status === 200 ? 'The response' : 'Done'),
      headers: cacheable === true ? {} : { 'Cache-Control': header('CacheControl') },
      content: { [type]: schema === null ? {} : { schema } },
    },
  };
}

export function describeRefusals(codes: readonly string[], table: Table): Record<string, unknown> {
  const byStatus = Map.groupBy(new Set(codes), (code) => table.reasons[code]!.status);
  const statuses = [...byStatus].sort(([a], [b]) => a - b);
  return Object.fromEntries(statuses.map(([status, each]) => [status, refusal(status, each, table)]));
}

/** Refusals that any operation can return, described once instead of for each operation. */
export function describeOtherRefusals(codes: readonly string[], table: Table): Record<string, unknown> {
  const listed = codes.map((code) => `${table.reasons[code]!.status} \`${code}\``).join(', ');
  return { ...refusal(null, [], table), description: `What any request may meet: ${listed}` };
}

function refusal(status: number | null, codes: readonly string[], { reasons }: Table): Record<string, unknown> {
  const narrowed = codes.length === 0 ? {} : { properties: { code: { enum: codes } } };
  return {
    description: codes.map((code) => `\`${code}\`: ${reasons[code]!.message}`).join('; '),
    headers: {
      'x-error': header('XError'),
      'x-error-id': header('XErrorId'),
      ...(status === 401 ? { 'WWW-Authenticate': header('WwwAuthenticate') } : {}),
      ...(status === 429 || status === 503 ? { 'Retry-After': header('RetryAfter') } : {}),
    },
    content: { [problemType]: { schema: { $ref: '#/components/schemas/Problem', ...narrowed } } },
  };
}

/** `members`: those that a problem of this API may have besides. */
export function problemSchema(
  urn: string,
  codes: readonly string[],
  members: Readonly<Record<string, JsonSchema>>,
): JsonSchema {
  return {
    type: 'object',
    description: 'Why a request was refused (RFC 9457). The same words stand in `x-error` and `x-error-id`.',
    properties: {
      type: { type: 'string', pattern: `^${urn}[a-z_]+$` },
      title: { type: 'string', description: 'For people; equal to `x-error`' },
      status: { type: 'integer', minimum: 400, maximum: 599 },
      code: { type: 'string', enum: [...codes].sort(), description: 'For programs; never renamed' },
      errorId: {
        type: 'string',
        format: 'uuid',
        description: 'Joins the response with the log; equal to `x-error-id`',
      },
      ...members,
    },
    required: ['type', 'title', 'status', 'code', 'errorId'],
  };
}

export const responseHeaders = {
  XError: { description: 'Why the request was refused, in words', required: true, schema: { type: 'string' } },
  XErrorId: {
    description: 'Id of the refusal, for questions to the operator of the service',
    required: true,
    schema: { type: 'string', format: 'uuid' },
  },
  WwwAuthenticate: { description: 'RFC 9110 section 11.6.1', required: true, schema: { type: 'string' } },
  RetryAfter: {
    description: 'Seconds after which the request may succeed',
    required: true,
    schema: { type: 'integer', minimum: 1 },
  },
  CacheControl: { description: 'The response may not be stored', schema: { type: 'string', const: 'no-store' } },
} as const;
