/** The server of a table of operations, and the steps of one request: target, caller, operation, body, the operation itself, response. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createHttpServer, type HttpLimits, type HttpServer } from './http-server.ts';
import { compileMatcher, type PathMatch } from './match-operation.ts';
import type { Client, Operation } from './operation.ts';
import { readBody } from './read-request.ts';
import { type CommonCode, type ReasonTable, Refusal } from './refusal.ts';
import { type Change, type Reply, refusalResponse, replyResponse } from './responses.ts';
import { type OutgoingResponse, writeResponse } from './write-response.ts';

export interface Api<Services, Code extends string> {
  readonly operations: readonly Operation<Services, Code>[];
  readonly services: Services;
  readonly table: ReasonTable<Code | CommonCode>;
  readonly limits: HttpLimits;
  readonly maxBodyBytes: number;
  /** Of every response: alternating names and values. */
  readonly headers: readonly string[];
  /** Accepts a target in absolute form (RFC 9112 section 3.2.2), whose authority is dropped. */
  readonly absoluteForm: boolean;
  /** The reason for another target that is not a path. */
  readonly targetInvalid: Code | CommonCode;
  /** Refuses a request before the client learns whether there is such an operation. */
  admit(request: IncomingMessage, match: Match<Services, Code> | null, body: Body): Refusal<Code> | null;
  clientOf(request: IncomingMessage, operation: Operation<Services, Code>): Client;
  /** The refusal for a failure within an operation. */
  failure(error: unknown): Refusal<Code | CommonCode>;
  /** Called when a request has arrived; the result, at most once, with its end. */
  begin(request: IncomingMessage): (end: OperationEnd<Services, Code>) => void;
  /** A request was refused before it could begin. `request`: null if it could not be parsed. */
  refused(request: IncomingMessage | null, end: OperationEnd<Services, Code>): void;
}

export type Match<Services, Code extends string> = PathMatch<Operation<Services, Code>>;

type Body = Buffer | 'too_large';

export interface OperationEnd<Services, Code extends string> {
  /** Null: there is no operation with this path. */
  readonly match: Match<Services, Code> | null;
  /** 0: the client left before a response. */
  readonly status: number;
  /** Null: it succeeded, or the client left. */
  readonly refusal: Refusal<Code | CommonCode> | null;
  /** That of the response; null: it succeeded, or it failed when its response had begun. */
  readonly errorId: string | null;
  /** What it changed, whatever became of the response; null: nothing. */
  readonly change: Change | null;
}

export function serveOperations<Services, Code extends string>(api: Api<Services, Code>): HttpServer {
  type End = OperationEnd<Services, Code>;
  const { services, table, headers } = api;
  const match = compileMatcher(api.operations);

  function locate(request: IncomingMessage) {
    const target = readTarget(request.url ?? '', api.absoluteForm);
    return { target, matched: target === null ? null : match(request.method ?? '', target.path) };
  }

  /** Null: the client left before its request was complete. */
  async function respond(
    request: IncomingMessage,
    { target, matched }: ReturnType<typeof locate>,
    changed: (change: Change) => void,
  ): Promise<OutgoingResponse | Refusal<Code | CommonCode> | null> {
    // Read to its end before anything is refused: closing with unread bytes makes TCP reset the connection, and the response is lost.
    const body = await readBody(request, api.maxBodyBytes);
    if (body === 'broken') return null;
    const refusal = api.admit(request, matched, body);
    if (refusal !== null) return refusal;
    if (target === null) return new Refusal(api.targetInvalid);
    if (matched === null) return new Refusal('route_not_found');
    const { operation, params, allow } = matched;
    if (operation === null) return new Refusal('method_not_allowed', { allow });
    const client = api.clientOf(request, operation);
    const result: Reply | Refusal<Code | CommonCode> = await operation.run(
      { rawHeaders: request.rawHeaders, params, query: target.query, body, client },
      services,
    );
    if (result instanceof Refusal) return result;
    const { change } = result.options;
    if (change !== undefined) changed(change);
    return replyResponse(result, operation.status, headers);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const end = api.begin(request);
    const located = locate(request);
    const { matched } = located;
    let change: Change | null = null;
    const finish = (status: number, refusal: End['refusal'], errorId: string | null) => {
      end({ match: matched, status, refusal, errorId, change });
    };
    const refuse = (refusal: Refusal<Code | CommonCode>) => {
      const errorId = randomUUID();
      const outgoing = refusalResponse(refusal, errorId, table, headers);
      writeResponse(response, outgoing);
      finish(outgoing.status, refusal, errorId);
    };
    try {
      const outgoing = await respond(request, located, (one) => {
        change = one;
      });
      // Also if its client has left: the log must say why readiness failed, or that a revocation reached no other replica.
      if (outgoing instanceof Refusal) return refuse(outgoing);
      if (outgoing === null || response.destroyed) return finish(0, null, null);
      writeResponse(response, outgoing);
      finish(outgoing.status, null, null);
    } catch (error) {
      const refusal = api.failure(error);
      if (!response.headersSent) return refuse(refusal);
      response.destroy();
      finish(response.statusCode, refusal, null);
    }
  }

  return createHttpServer({
    limits: api.limits,
    handle,
    refuse(fault, request) {
      const refusal = new Refusal<CommonCode>(fault);
      const errorId = randomUUID();
      const outgoing = refusalResponse<Code | CommonCode>(refusal, errorId, table, headers);
      const matched = request === null ? null : locate(request).matched;
      api.refused(request, { match: matched, status: outgoing.status, refusal, errorId, change: null });
      return outgoing;
    },
  });
}

/** Splits a request target without a general URL parser, which would misread `//host/path`. */
interface TargetParts {
  readonly path: string;
  /** The text after `?`, undecoded; may be empty. */
  readonly query: string;
}

/** Null: neither in origin form (RFC 9112 section 3.2.1) nor, where that is accepted, in absolute form. */
export function readTarget(target: string, absoluteForm: boolean): TargetParts | null {
  const origin = target.startsWith('/') || !absoluteForm ? target : (absolute.exec(target)?.[1] ?? '');
  if (!origin.startsWith('/') || origin.includes('#')) return null;
  const mark = origin.indexOf('?');
  return mark < 0 ? { path: origin, query: '' } : { path: origin.slice(0, mark), query: origin.slice(mark + 1) };
}

const absolute = /^https?:\/\/[^/?#@\\]+(\/.*)$/i;
