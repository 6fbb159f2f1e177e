/**
 * An operation of an API: its path, its callers, its input and output, its reasons for refusals, and its action, all in one declaration.
 * Requests are checked by the same schemas that describe the API.
 */
import type { z } from 'zod';
import type { Language } from '../core/request/preferred-language.ts';
import { mediaType, parseObject } from './read-request.ts';
import { type CommonCode, Refusal } from './refusal.ts';
import { type Change, Reply } from './responses.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** The client of a request. */
export interface Client {
  /** Its address in text form, or its client key. */
  readonly ip: string;
  readonly userAgent: string;
  /** That it prefers. */
  readonly language: Language;
}

/** A request of which only the framing has been checked. */
export interface OperationRequest {
  /** Alternating names and values, as received. */
  readonly rawHeaders: readonly string[];
  readonly params: Readonly<Record<string, string>>;
  /** The text after `?`, undecoded; may be empty. */
  readonly query: string;
  readonly body: Buffer | 'too_large';
  readonly client: Client;
}

/** Which credential an operation accepts, and how its caller is found. */
export interface CredentialRule<Services, Code extends string, Caller> {
  /** For the description of the API. */
  readonly kind: string;
  /** What `identify` may refuse a request for. */
  readonly refusals: readonly Code[];
  /** Finds the caller, or refuses. */
  identify(rawHeaders: readonly string[], services: Services): Promise<Caller | Refusal<Code>> | Caller | Refusal<Code>;
}

/** What an operation declares of itself; the rest of a definition is types and functions. */
export interface Declared<Code extends string> {
  /** Name in the description of the API. */
  readonly name: string;
  readonly summary: string;
  readonly method: Method;
  /** Below the base of the API, with `{name}` for a parameter; the first is the one that is described. */
  readonly paths: readonly [string, ...string[]];
  /** What the body means, if no schema describes it. */
  readonly bodyText?: string;
  /** Media type that the body must have; if unset: that of the API. */
  readonly accepts?: string;
  /** What the result means. */
  readonly returns?: string;
  /** Media type of the result; if unset: JSON. */
  readonly type?: string;
  /** Status of success; if unset: 200 for `GET`, otherwise 202. */
  readonly status?: 200 | 202;
  /** The result may be stored by caches, as its `Cache-Control` says. */
  readonly cacheable?: true;
  /** What its action may refuse a request for. */
  readonly refusals?: readonly Code[];
}

export interface Schemas {
  readonly params: z.ZodType | null;
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | null;
  readonly response: z.ZodType | null;
}

export interface Operation<Services, Code extends string> extends Declared<Code> {
  readonly status: 200 | 202;
  readonly base: string;
  readonly accepts?: string;
  readonly credential: CredentialRule<Services, Code, unknown>;
  readonly schemas: Schemas;
  /** Resolves to the result, or to a refusal. Rejects only because of an internal fault. */
  run(request: OperationRequest, services: Services): Promise<Reply | Refusal<Code | CommonCode>>;
}

/** A checked request, as `handle` receives it. */
export interface Call<Caller, Params, Query, Body> {
  readonly caller: Caller;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The body as received. */
  readonly bytes: Buffer;
  readonly client: Client;
  readonly rawHeaders: readonly string[];
}

export interface Definition<Services, Code extends string, Caller, Params, Query, Body, Result extends object>
  extends Declared<Code> {
  readonly credential: CredentialRule<Services, Code, Caller>;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly response?: z.ZodType<Result>;
  handle(
    call: Call<Caller, Params, Query, Body>,
    services: Services,
  ): Promise<Result | Reply<Result> | Reply<string> | Refusal<Code>>;
  /** After a success; if unset, the log does not mention it. */
  changed?(call: Call<Caller, Params, Query, Body>, result: Result): Change;
}

type Part = 'params' | 'query' | 'body';

/** What the operations of one API have in common. */
export interface OperationsOf<Code extends string> {
  /** What precedes each path. */
  readonly base: string;
  /** Media type that a body must have, unless an operation declares another, and the reason otherwise; if unset: any. */
  readonly contentType?: { readonly usual: string; readonly refusal: Code };
  /** The refusal of a part that its schema does not accept; `issues` null: a body that is no JSON object, or a parameter sent twice. */
  invalid(part: Part, issues: readonly z.core.$ZodIssue[] | null): Refusal<Code>;
}

/** The function that defines operations of an API. Its checks run in the order credential, content type, path, query, body. */
export function operationsOf<Services, Code extends string>({ base, contentType, invalid }: OperationsOf<Code>) {
  return <Caller, Params, Query, Body, Result extends object>(
    definition: Definition<Services, Code, Caller, Params, Query, Body, Result>,
  ): Operation<Services, Code> => {
    const { credential, params, query, body, response, handle, changed, ...declared } = definition;
    const accepts = declared.method === 'GET' ? undefined : (declared.accepts ?? contentType?.usual);
    return {
      ...declared,
      ...(accepts === undefined ? {} : { accepts }),
      status: declared.status ?? (declared.method === 'GET' ? 200 : 202),
      base,
      credential,
      schemas: { params: params ?? null, query: query ?? null, body: body ?? null, response: response ?? null },
      async run({ rawHeaders, client, ...parts }, services) {
        const caller = await credential.identify(rawHeaders, services);
        if (caller instanceof Refusal) return caller;
        if (contentType !== undefined && accepts !== undefined && mediaType(rawHeaders) !== accepts) {
          return new Refusal(contentType.refusal);
        }
        if (parts.body === 'too_large') return new Refusal('body_too_large');
        const bytes = parts.body;
        const checkedParams = check('params', params, () => parts.params);
        if (checkedParams instanceof Refusal) return checkedParams;
        const checkedQuery = check('query', query, () => parseQuery(parts.query));
        if (checkedQuery instanceof Refusal) return checkedQuery;
        const checkedBody = check('body', body, () => parseBody(bytes));
        if (checkedBody instanceof Refusal) return checkedBody;
        const checked = { params: checkedParams.value, query: checkedQuery.value, body: checkedBody.value };
        const call = { caller, ...checked, bytes, client, rawHeaders };
        const result = await handle(call, services);
        if (result instanceof Refusal) return result;
        const reply = result instanceof Reply ? result : new Reply(result);
        if (changed === undefined) return reply;
        return new Reply(reply.body, { ...reply.options, change: changed(call, reply.body as Result) });
      },
    };
  };

  /** A part without a schema is not checked, and `handle` cannot use it: its type there is `unknown`. */
  function check<Value>(
    part: Part,
    schema: z.ZodType<Value> | undefined,
    read: () => unknown,
  ): { readonly value: Value } | Refusal<Code> {
    if (schema === undefined) return { value: undefined as Value };
    const raw = read();
    if (raw === null) return invalid(part, null);
    const parsed = schema.safeParse(raw);
    return parsed.success ? { value: parsed.data } : invalid(part, parsed.error.issues);
  }
}

/**
 * Null for what is not UTF-8, not JSON or not an object; an empty body counts as an empty object, so that missing parts are reported.
 */
export function parseBody(body: Buffer): object | null {
  return body.length === 0 ? {} : parseObject(body);
}

/** Null for a repeated name, because neither copy takes precedence. */
export function parseQuery(query: string): object | null {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (values.has(name)) return null;
    values.set(name, value);
  }
  return Object.fromEntries(values);
}

/** A segment of a path without its escapes; as it is if they are not valid, which no strict schema accepts. */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
