/**
 * An operation of the API: its path, its callers, its input and output schemas, and its action. Requests are checked by the same schemas
 * that describe the API.
 */

import type { z } from 'zod';
import { parseObject } from '../../operations/read-request.ts';
import type { CredentialRule } from '../credentials/credential-rule.ts';
import type { PresentedRequest } from '../credentials/presented-request.ts';
import { Refusal } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';

export const basePath = '/api/auth/v2';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** The client of a request. */
export interface Client {
  /** Address of the client in text form. */
  readonly ip: string;
  readonly userAgent: string;
}

/** A request of which only the framing has been checked. */
export interface OperationRequest {
  readonly presented: PresentedRequest;
  readonly params: Readonly<Record<string, string>>;
  /** The text after `?`, undecoded; may be empty. */
  readonly query: string;
  readonly body: Buffer;
  readonly client: Client;
}

export interface Operation {
  /** Name in the description of the API. */
  readonly name: string;
  readonly summary: string;
  readonly method: Method;
  /** Below `basePath`, with `{name}` for a parameter; the first is the one that is described. */
  readonly paths: readonly [string, ...string[]];
  readonly credential: CredentialRule<unknown>['kind'];
  readonly schemas: Schemas;
  /** Status of success. */
  readonly status: 200 | 202;
  /** Resolves to the success, or to a refusal. Rejects only because of an internal fault. */
  run(request: OperationRequest, services: Services): Promise<Success | Refusal>;
}

export interface Success {
  readonly body: object;
  /** Value of `Set-Cookie`. */
  readonly setCookie?: string;
  /** For the log. */
  readonly change?: Change;
}

/** What an administrator changed, by ids, which are no secrets. */
export interface Change {
  /** Id of the administrator. */
  readonly by: string;
  readonly userId?: string;
  readonly role?: string;
  readonly sessionId?: string;
  readonly keyId?: string;
}

/** A response that sets or removes a cookie. */
export class WithCookie<Result extends object> implements Success {
  readonly body: Result;
  readonly setCookie: string;

  constructor(body: Result, setCookie: string) {
    this.body = body;
    this.setCookie = setCookie;
  }
}

export interface Schemas {
  readonly params: z.ZodType | null;
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | null;
  readonly response: z.ZodType;
}

/** A checked request, as `handle` receives it. */
export interface Call<Caller, Params, Query, Body> {
  readonly caller: Caller;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly client: Client;
  readonly presented: PresentedRequest;
}

interface Definition<Caller, Params, Query, Body, Result extends object> {
  readonly name: string;
  readonly summary: string;
  readonly method: Method;
  readonly paths: readonly [string, ...string[]];
  readonly credential: CredentialRule<Caller>;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly response: z.ZodType<Result>;
  handle(call: Call<Caller, Params, Query, Body>, services: Services): Promise<Result | WithCookie<Result> | Refusal>;
  /** For the log, after a success; if unset, the log does not mention it. */
  changed?(call: Call<Caller, Params, Query, Body>, result: Result): Change;
}

/** Ties the parts together; checks run in the order credential, path, query, body. */
export function defineOperation<Caller, Params, Query, Body, Result extends object>(
  definition: Definition<Caller, Params, Query, Body, Result>,
): Operation {
  const { name, summary, method, paths, credential, params, query, body, response } = definition;
  return {
    name,
    summary,
    method,
    paths,
    credential: credential.kind,
    schemas: { params: params ?? null, query: query ?? null, body: body ?? null, response },
    status: method === 'GET' ? 200 : 202,
    async run(request, services) {
      const caller = await credential.identify(request.presented, services);
      if (caller instanceof Refusal) return caller;
      const checkedParams = check(params, () => request.params, 'id_invalid');
      if (checkedParams instanceof Refusal) return checkedParams;
      const checkedQuery = check(query, () => parseQuery(request.query), 'parameters_invalid');
      if (checkedQuery instanceof Refusal) return checkedQuery;
      const checkedBody = check(body, () => parseBody(request.body), 'parameters_invalid');
      if (checkedBody instanceof Refusal) return checkedBody;
      const call = {
        caller,
        params: checkedParams.value,
        query: checkedQuery.value,
        body: checkedBody.value,
        client: request.client,
        presented: request.presented,
      };
      const result = await definition.handle(call, services);
      if (result instanceof Refusal || result instanceof WithCookie) return result;
      const change = definition.changed?.(call, result);
      return change === undefined ? { body: result } : { body: result, change };
    },
  };
}

/** A part without a schema is not checked, and `handle` cannot use it: its type there is `unknown`. */
function check<Value>(
  schema: z.ZodType<Value> | undefined,
  read: () => unknown,
  code: 'id_invalid' | 'parameters_invalid',
): { readonly value: Value } | Refusal {
  if (schema === undefined) return { value: undefined as Value };
  const raw = read();
  if (raw instanceof Refusal) return raw;
  const parsed = schema.safeParse(raw);
  if (parsed.success) return { value: parsed.data };
  // The first step of a path is a name in our schema, never text of the request: unknown names are dropped.
  const invalid = new Set(parsed.error.issues.map((issue) => String(issue.path[0] ?? 'body')));
  // The code refers to the id only if nothing else is wrong.
  const named = code === 'id_invalid' && !invalid.has('id') ? 'parameters_invalid' : code;
  return new Refusal(named, { invalid: [...invalid].sort() });
}

/**
 * Refuses what is not UTF-8, not JSON or not an object; an empty body counts as an empty object, so that missing parts are reported. The
 * content type is not checked: some clients of this API omit it, and no other type parses.
 */
export function parseBody(body: Buffer): object | Refusal {
  return body.length === 0 ? {} : (parseObject(body) ?? new Refusal('body_malformed'));
}

/** Refuses a repeated name, because neither copy takes precedence. */
export function parseQuery(query: string): object | Refusal {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (values.has(name)) return new Refusal('parameters_invalid', { invalid: ['query'] });
    values.set(name, value);
  }
  return Object.fromEntries(values);
}
