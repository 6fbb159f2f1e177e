/** Tests of the rules as data: who asks for what, and what must come of it. Read with the configuration, run apart. */
import type { Identity } from '../core/identity/identity.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';

export interface TestSuite {
  /** By name; names are unique over all files. */
  readonly identities: ReadonlyMap<string, Identity>;
  /** In the order of the files. */
  readonly cases: readonly TestCase[];
}

export interface RequestLine {
  readonly method: string;
  readonly secure: boolean;
  /** With port, as written; null: the host that the route is for. */
  readonly host: string | null;
  /** Path and query as written. */
  readonly target: string;
}

export interface TestCase extends RequestLine {
  /** As written, or the request line and who asks. */
  readonly name: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Name of the identity; null: without a credential. */
  readonly as: string | null;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Address of the client; null: not known. */
  readonly client: string | null;
  /** A trusted proxy sends it. */
  readonly trusted: boolean;
  /** When it is sent, in milliseconds; null: not known. */
  readonly time: number | null;
  /** `signIn`: refused, and sent to the sign-in page. */
  readonly expect: 'allow' | 'refuse' | 'signIn';
  /** Id of the route, or null when nothing is said of it. */
  readonly route: string | null;
  /** A reason of the gateway or the author's word of a condition; null when nothing is said of it. */
  readonly reason: ReasonCode | string | null;
  /** Headers that the upstream gets; null: it does not get it. */
  readonly upstreamHeaders: ReadonlyMap<string, string | null>;
}
