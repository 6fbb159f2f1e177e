/** The OpenAPI 3.1 document of the admin port: created from its endpoints, with the input and output of each. */

import type { ReasonCode } from '../core/outcome/reasons.ts';
import { reasons } from '../core/outcome/reasons.ts';
import type { Endpoint } from './endpoints.ts';

interface Description {
  readonly summary: string;
  /** Parameters in the query, with their meaning. */
  readonly query?: Readonly<Record<string, string>>;
  /** Meaning of the body. */
  readonly body?: string;
  /** Status of success, and what it returns. */
  readonly success: readonly [status: 200 | 202, text: string];
  /** Media type of success; if unset: JSON. */
  readonly type?: string;
  /** Its own refusals, besides those of all endpoints with its access. */
  readonly refusals?: readonly ReasonCode[];
}

/** By path; a test compares them with the endpoints in both directions. */
export const descriptions: Readonly<Record<string, Description>> = {
  '/': {
    summary: 'Lists the endpoints.',
    success: [200, 'One endpoint per line.'],
    type: 'text/plain',
  },
  '/openapi.json': { summary: 'This document.', success: [200, 'The endpoints of this process.'] },
  '/health/live': { summary: 'Whether the process works.', success: [200, 'It works.'], refusals: ['internal_error'] },
  '/health/ready': {
    summary: 'Whether requests can be served.',
    success: [200, 'Requests can be served; "checks" has the state of each dependency.'],
    refusals: ['auth_unavailable', 'signing_key_missing', 'draining', 'not_ready'],
  },
  '/metrics': {
    summary: 'Metrics of Prometheus, or in OpenMetrics 1.0 by "Accept".',
    success: [200, 'The metrics.'],
    type: 'text/plain',
  },
  '/routes': {
    summary: 'The effective table of routes.',
    success: [200, 'Path, methods, access and limits of each route.'],
  },
  '/reach': {
    summary: 'What a role, or an identity of the tests, can reach.',
    query: { role: 'Name of a role; this or "as".', as: 'Name of an identity under "tests"; this or "role".' },
    success: [200, 'Routes and methods, with conditions in words.'],
    refusals: ['question_invalid'],
  },
  '/shadow': {
    summary: 'How a candidate configuration compares with the one in use.',
    success: [200, 'Counts and examples.'],
  },
  '/config': {
    summary: 'The settings in use, without secrets, and their digest.',
    success: [200, 'Settings by path, as in the file.'],
  },
  '/decisions': {
    summary: 'Recorded requests, newest first.',
    query: {
      reason: 'Only with this reason.',
      route: 'Only on this route.',
      user: 'Only of this user.',
      key: 'Only with this key id.',
      client: 'Only of this client address.',
      since: 'Only from this time on (ISO 8601).',
      until: 'Only up to this time (ISO 8601).',
      limit: 'Maximum number, up to 1000. If unset, 100.',
    },
    success: [200, 'Their log lines, under "decisions".'],
    refusals: ['question_invalid'],
  },
  '/decisions/{id}': {
    summary: 'One request by its x-error-id or x-request-id, explained.',
    success: [200, 'Its log line, identity and explanation.'],
    refusals: ['decision_unknown'],
  },
  '/explain': {
    summary: 'Explains the decision on a request, with a live bearer.',
    body: 'The request, and the bearer, which is neither logged nor returned.',
    success: [200, 'The explanation.'],
    refusals: ['question_invalid', 'overloaded'],
  },
  '/reload': {
    summary: 'Reloads the configuration.',
    success: [202, 'The new configuration is in use.'],
    refusals: ['reload_refused', 'draining'],
  },
  '/.well-known/jwks.json': {
    summary: 'Public keys of signed identities.',
    success: [200, 'A JWK Set.'],
    type: 'application/jwk-set+json',
    refusals: ['route_not_found', 'signing_key_missing'],
  },
  '/revocations': {
    summary: 'Revokes the session, key, user or credential in the body.',
    body: 'One of sessionID, keyID, userID, tokenID, bearer, or apiKey with or without apiSecret.',
    success: [202, 'Every connected replica has applied it.'],
    refusals: ['revocation_invalid', 'revocation_undelivered', 'overloaded'],
  },
  '/webhooks/revocations': {
    summary: 'The same for services that sign their messages (Standard Webhooks).',
    body: 'An id, as for /revocations; no credential.',
    success: [202, 'Every connected replica has applied it.'],
    refusals: [
      'route_not_found',
      'webhook_signature_invalid',
      'revocation_invalid',
      'revocation_undelivered',
      'overloaded',
    ],
  },
  '/backchannel-logout': {
    summary: 'Accepts a logout token of an OpenID provider.',
    body: 'logout_token, in a form.',
    success: [200, 'Every connected replica has applied it.'],
  },
  '/security-events': {
    summary: 'Accepts a security event token (RFC 8935).',
    body: 'The token.',
    success: [202, 'Every connected replica has applied it.'],
  },
};

/** General reasons for refusals of endpoints with this access. */
function generalRefusals({ access, method, evenReading }: Endpoint): readonly ReasonCode[] {
  const withToken = access !== 'open' && access !== 'signed';
  return [
    'host_invalid',
    'origin_forbidden',
    ...(withToken ? (['credential_missing', 'credential_rejected', 'admin_scope_missing'] as const) : []),
    ...(access === 'write' || evenReading === true ? (['changes_disabled'] as const) : []),
    ...(method === 'POST' ? (['content_type_unsupported', 'body_too_large'] as const) : []),
  ];
}

/** Plain data. `version`: of the program. */
export function openApiOf(endpoints: ReadonlyMap<string, Endpoint>, version: string): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Admin port of Rolegate',
      version,
      description: 'Refusals are problem details (RFC 9457) with the headers x-error and x-error-id.',
    },
    paths: Object.fromEntries([...endpoints].map(([path, endpoint]) => [path, pathItem(path, endpoint)])),
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'server.adminToken, or one of server.adminTokens. Without any of them, reading needs no token.',
        },
      },
      schemas: {
        problem: {
          type: 'object',
          properties: {
            type: { type: 'string' },
            title: { type: 'string' },
            status: { type: 'integer' },
            code: { type: 'string' },
            errorId: { type: 'string', format: 'uuid' },
          },
          required: ['type', 'title', 'status', 'code', 'errorId'],
        },
      },
    },
  };
}

function pathItem(path: string, endpoint: Endpoint): object {
  const described = descriptions[path];
  if (described === undefined) throw new TypeError(`the endpoint ${path} has no description`);
  const { summary, query = {}, body, success, type = 'application/json', refusals = [] } = described;
  const { method, access, contentType = 'application/json' } = endpoint;
  const [status, text] = success;
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...Object.entries(query).map(([name, description]) => ({
      name,
      in: 'query',
      description,
      schema: { type: 'string' },
    })),
  ];
  const operation = {
    operationId: `${method.toLowerCase()}${path.replaceAll(/[^a-z]+([a-z]?)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    security: access === 'open' || access === 'signed' ? [] : [{ token: [access] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { description: body, required: true, content: { [contentType]: {} } } }),
    responses: {
      [status]: { description: text, content: { [type]: {} } },
      ...refusalResponses([...generalRefusals(endpoint), ...refusals]),
    },
  };
  return { [method.toLowerCase()]: operation };
}

/** By status; refusals with the same status share a description. */
function refusalResponses(codes: readonly ReasonCode[]): Readonly<Record<string, object>> {
  const byStatus = Map.groupBy(new Set(codes), (code) => reasons[code].status);
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/problem' } } };
  return Object.fromEntries(
    [...byStatus].map(([status, each]) => [status, { description: each.join(', '), content: problem }]),
  );
}
