/** A refused request as a value: an operation returns it instead of a result. The table of its API says what the client gets. */
/** A row of a table of reasons. */
export interface RefusalReason {
  readonly status: number;
  /** Text of `x-error` and of the problem's `title`. */
  readonly message: string;
  /** Seconds of `Retry-After`, unless the refusal sets them. */
  readonly retryAfterS?: number;
  /** The connection is closed after the response, because its framing can no longer be trusted. */
  readonly closes?: true;
}

/** The reasons of one API, and what its refusals have in common. */
export interface ReasonTable<Code extends string> {
  readonly reasons: Readonly<Record<Code, RefusalReason>>;
  /** Beginning of the `type` of a problem. */
  readonly urn: string;
  /** Values of `WWW-Authenticate`. */
  challenges(code: Code): readonly string[];
  /** Every refusal closes the connection. */
  readonly closes: boolean;
}

/** What any request may be refused for, whatever its operation: every table has these. */
export const commonCodes = [
  'request_malformed',
  'route_not_found',
  'method_not_allowed',
  'request_timeout',
  'body_too_large',
  'expectation_failed',
  'headers_too_large',
  'internal_error',
  'method_unsupported',
] as const;
export type CommonCode = (typeof commonCodes)[number];

export interface RefusalDetail {
  /** Seconds of `Retry-After`. */
  readonly retryAfterS?: number;
  /** Methods of `Allow`. */
  readonly allow?: readonly string[];
  /** Further members of the problem (RFC 9457 section 3.2). */
  readonly members?: Readonly<Record<string, unknown>>;
  /** A JSON body instead of problem details, if a standard requires it. */
  readonly body?: Readonly<Record<string, string>>;
  /** The internal cause; only for the log. */
  readonly cause?: unknown;
}

export class Refusal<Code extends string> {
  readonly code: Code;
  readonly detail: RefusalDetail;

  constructor(code: Code, detail: RefusalDetail = {}) {
    this.code = code;
    this.detail = detail;
  }
}
