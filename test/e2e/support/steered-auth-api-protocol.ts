/** Messages from a test to the Auth API process, and its replies. */

/** The owner of a credential; its ids are made up by the test. */
export interface KnownCredential {
  /** A bearer, or `<api key>:<api secret>`. */
  readonly credential: string;
  readonly userId: string;
  /** Session of a bearer, key of a pair. */
  readonly id: string;
  readonly roles: readonly string[];
}

/** What the process does with a call, once it has judged it. */
export type Mood =
  /** Responds after `latencyMs`. */
  | 'fine'
  /** Returns 200 with truncated JSON. */
  | 'garbage'
  /** Returns 500. */
  | 'error'
  /** Its port is closed, and connections are reset. */
  | 'cut';

export type Order =
  | { readonly op: 'allow'; readonly known: readonly KnownCredential[] }
  | { readonly op: 'forget'; readonly credentials: readonly string[] }
  | { readonly op: 'behave'; readonly mood: Mood; readonly latencyMs: number }
  | { readonly op: 'calls' }
  | { readonly op: 'resetCalls' };

/** One call: whose, and when its headers had arrived (milliseconds since the epoch, with fractions). */
export interface Call {
  readonly credential: string;
  readonly atMs: number;
}

export type ToProcess = Order & { readonly serial: number };
export type FromProcess =
  | { readonly port: number }
  | { readonly serial: number; readonly calls?: readonly Call[]; readonly error?: string };
