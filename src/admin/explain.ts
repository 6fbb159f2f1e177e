/**
 * `POST /explain`: explains the decision on a request with a live credential, which only a running gateway can look up. The response
 * contains no credential, and the body is not logged.
 */
import { z } from 'zod';
import { parseAddress } from '../core/syntax/addresses.ts';
import { token } from '../core/syntax/header-fields.ts';
import { Refusal } from '../operations/refusal.ts';
import { defineOperation, invalidQuestion, json, type Operation, withToken } from './operation.ts';

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

const maxHeaders = 64;
/** Each may wait for the Auth API. */
const maxUnderWay = 8;

const text = (shape: RegExp, fault: string) => z.string(fault).regex(shape, fault);
const headersFault = 'headers are alternating names and values';
const clientFault = 'client is not an address or null';

const members = {
  method: text(token, 'method is not a method').max(32, 'method is not a method'),
  host: text(/^[^\s/?#@]{1,300}$/, 'host is not a host or null').nullable(),
  secure: z.boolean('secure is true or false'),
  target: text(/^\/[^\s#]{0,8191}$/, 'target is not a path'),
  headers: z
    .array(z.string(headersFault), headersFault)
    .max(2 * maxHeaders, headersFault)
    .refine(alternates, headersFault),
  client: z
    .string(clientFault)
    .refine((address) => parseAddress(address) !== null, clientFault)
    .nullable(),
  // RFC 6750 section 2.1.
  bearer: text(/^[A-Za-z0-9\-._~+/]+=*$/, 'bearer is not a token of RFC 6750'),
};

const question = z.strictObject(members, `the only keys are ${Object.keys(members).join(', ')}`);

export function explainOperation(explain: ExplainQuestioned): Operation {
  let underWay = 0;
  return defineOperation({
    name: 'postExplain',
    summary: 'Explains the decision on a request, with a live bearer.',
    method: 'POST',
    paths: ['/explain'],
    // It calls the Auth API for a credential.
    credential: withToken('read', 'always'),
    body: question,
    bodyText: 'The request, and the bearer, which is neither logged nor returned.',
    status: 200,
    returns: 'The explanation.',
    refusals: ['question_invalid', 'overloaded'],
    async handle({ body }) {
      if (underWay >= maxUnderWay) return new Refusal('overloaded');
      underWay += 1;
      try {
        const explained = await explain(body);
        return 'detail' in explained ? invalidQuestion(String(explained.detail)) : json(explained);
      } finally {
        underWay -= 1;
      }
    },
  });
}

function alternates(headers: readonly string[]): boolean {
  if (headers.length % 2 !== 0) return false;
  return headers.every((one, index) =>
    index % 2 === 0 ? token.test(one) && one.length <= 100 : !/[\0\r\n]/.test(one) && one.length <= 8192,
  );
}
