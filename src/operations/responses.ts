/** Responses of an operation: its result, or the problem of a refusal. */
import { problemText } from '../core/outcome/problem.ts';
import type { ReasonTable, Refusal } from './refusal.ts';
import type { OutgoingResponse } from './write-response.ts';

export const problemType = 'application/problem+json';

/** A result with more than a JSON object of the usual status. */
export class Reply<Body extends object | string = object | string> {
  readonly body: Body;
  readonly options: ReplyOptions;

  constructor(body: Body, options: ReplyOptions = {}) {
    this.body = body;
    this.options = options;
  }
}

export interface ReplyOptions {
  readonly status?: 200 | 202;
  /** `Content-Type` of text. */
  readonly type?: string;
  /** If unset: no cache may store it, because it contains secrets, or depends on a credential. */
  readonly cacheControl?: string;
  /** What was changed. */
  readonly change?: Change;
}

/** For the log: ids and names, which are no secrets. */
export interface Change {
  /** The id or name of the caller; null: it has none. */
  readonly by: string | null;
  readonly [id: string]: string | null;
}

/** `headers`: of every response of the API, alternating names and values. `status`: unless the reply has its own. */
export function replyResponse({ body, options }: Reply, status: number, headers: readonly string[]): OutgoingResponse {
  const { type = 'application/json', cacheControl = 'no-store' } = options;
  return {
    status: options.status ?? status,
    headers: [...headers, 'content-type', type, 'cache-control', cacheControl],
    body: typeof body === 'string' ? body : JSON.stringify(body),
    closes: false,
  };
}

/** `errorId`: the id under which the log has the refusal. */
export function refusalResponse<Code extends string>(
  { code, detail }: Refusal<Code>,
  errorId: string,
  { reasons, urn, challenges, closes }: ReasonTable<Code>,
  headers: readonly string[],
): OutgoingResponse {
  const reason = reasons[code];
  const { retryAfterS = reason.retryAfterS, allow, members, body } = detail;
  return {
    status: reason.status,
    headers: [
      ...headers,
      ...['x-error', reason.message, 'x-error-id', errorId],
      ...['content-type', body === undefined ? problemType : 'application/json', 'cache-control', 'no-store'],
      ...challenges(code).flatMap((challenge) => ['www-authenticate', challenge]),
      ...(allow === undefined ? [] : ['allow', allow.join(', ')]),
      ...(retryAfterS === undefined ? [] : ['retry-after', String(retryAfterS)]),
    ],
    body:
      body === undefined
        ? problemText(urn, { title: reason.message, status: reason.status, code, errorId, ...members })
        : `${JSON.stringify(body)}\n`,
    closes: closes || reason.closes === true,
  };
}
