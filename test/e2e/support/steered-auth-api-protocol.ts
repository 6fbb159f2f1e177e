/** What a test tells the Auth API process, and what it hears back. */

/** Who a credential belongs to; its ids are made up by the test. */
export interface KnownCredential {
  /** A bearer, or `<api key>:<api secret>`. */
  readonly credential: string;
  readonly userId: string;
  /** Session of a bearer, key of a pair. */
  readonly id: string;
  readonly roles: readonly string[];
}

/** What the process does to a call, once it has judged it. */
export type Mood =
  /** Answers, after `latencyMs`. */
  | 'fine'
  /** Says 200 with half a JSON body. */
  | 'garbage'
  /** Says 500. */
  | 'error'
  /** Nothing listens on its port, and connections are reset. */
  | 'cut';

export type Order =
  | { readonly op: 'allow'; readonly known: readonly KnownCredential[] }
  | { readonly op: 'forget'; readonly credentials: readonly string[] }
  | { readonly op: 'behave'; readonly mood: Mood; readonly latencyMs: number }
  | { readonly op: 'calls' }
  | { readonly op: 'resetCalls' };

/** One call: whose, and when its headers were there (milliseconds since the epoch, with fractions). */
export interface Call {
  readonly credential: string;
  readonly atMs: number;
}

export type ToProcess = Order & { readonly serial: number };
export type FromProcess =
  | { readonly port: number }
  | { readonly serial: number; readonly calls?: readonly Call[]; readonly error?: string };
