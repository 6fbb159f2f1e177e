/**
 * `POST /explain`: explains the decision on a request with a live credential, which only a running gateway can look up. The response
 * contains no credential, and the body is not logged.
 */

import { parseAddress } from '../core/syntax/addresses.ts';
import { token } from '../core/syntax/header-fields.ts';
import { parseObject } from '../operations/read-request.ts';
import type { AdminRequest, Endpoint } from './endpoints.ts';
import { type AdminResponse, json } from './responses.ts';

/** A request, with its credential separate. */
export interface LiveQuestion {
  readonly method: string;
  /** With port; null: the host of a route that fits the path. */
  readonly host: string | null;
  readonly secure: boolean;
  /** Path and query. */
  readonly target: string;
  /** Alternating names and values, without a credential. */
  readonly headers: readonly string[];
  /** Address of the client; null: unknown. */
  readonly client: string | null;
  readonly bearer: string;
}

/** Resolves to the explanation as plain data, or to the reason for its absence, in words for the caller. */
export type ExplainQuestioned = (question: LiveQuestion) => Promise<object | { readonly detail: string }>;

const keys = ['method', 'host', 'secure', 'target', 'headers', 'client', 'bearer'];
const maxHeaders = 64;
/** Each may wait for the Auth API. */
const maxUnderWay = 8;
/** RFC 6750 section 2.1. */
const bearerToken = /^[A-Za-z0-9\-._~+/]+=*$/;

export function explainEndpoint(explain: ExplainQuestioned): Endpoint {
  let underWay = 0;
  return {
    method: 'POST',
    access: 'read',
    // It calls the Auth API for a credential.
    evenReading: true,
    async respond({ body }: AdminRequest): Promise<AdminResponse> {
      const question = readQuestion(body);
      if (typeof question === 'string') return { refused: 'question_invalid', members: { detail: question } };
      if (underWay >= maxUnderWay) return { refused: 'overloaded' };
      underWay += 1;
      try {
        const explained = await explain(question);
        return 'detail' in explained
          ? { refused: 'question_invalid', members: { detail: explained.detail } }
          : json(explained);
      } finally {
        underWay -= 1;
      }
    },
  };
}

/** Returns its fault in words that repeat nothing of the body. */
function readQuestion(body: Uint8Array): LiveQuestion | string {
  const fields = parseObject(body);
  if (fields === null) return 'the body is not a JSON object in UTF-8';
  if (Object.keys(fields).some((key) => !keys.includes(key))) return `the only keys are ${keys.join(', ')}`;
  const { method, host, secure, target, headers, client, bearer } = fields;
  if (typeof method !== 'string' || !token.test(method) || method.length > 32) return 'method is not a method';
  if (host !== null && (typeof host !== 'string' || !/^[^\s/?#@]{1,300}$/.test(host)))
    return 'host is not a host or null';
  if (typeof secure !== 'boolean') return 'secure is true or false';
  if (typeof target !== 'string' || !/^\/[^\s#]{0,8191}$/.test(target)) return 'target is not a path';
  if (!isHeaders(headers)) return 'headers are alternating names and values';
  if (client !== null && (typeof client !== 'string' || parseAddress(client) === null))
    return 'client is not an address or null';
  if (typeof bearer !== 'string' || !bearerToken.test(bearer)) return 'bearer is not a token of RFC 6750';
  return { method, host, secure, target, headers, client, bearer };
}

function isHeaders(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length % 2 !== 0 || value.length > 2 * maxHeaders) return false;
  return value.every((text: unknown, index) => {
    if (typeof text !== 'string') return false;
    return index % 2 === 0 ? token.test(text) && text.length <= 100 : !/[\0\r\n]/.test(text) && text.length <= 8192;
  });
}
