/** What the benchmark asks of the client process, and what it hears back. */

export interface LoadJob {
  readonly port: number;
  /** Whole request; `{n}` is replaced by a number of twelve digits, `{r}` by the one of its route, `{t}` by a trace id of its own. */
  readonly request: string;
  /** Sent in place of `request` every so many times. */
  readonly other?: { readonly request: string; readonly every: number };
  /** The number is drawn at random below this; left out: it is one that no other request has. */
  readonly numbers?: number;
  /** As Zipf has it: number k in proportion to 1 / (k + 1); left out: all alike. */
  readonly skewed?: boolean;
  /** Routes that are used, and how many there are; those that are used lie apart. */
  readonly routes?: { readonly used: number; readonly of: number };
  readonly status: number;
  readonly connections: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Processes whose CPU time is read at both ends of the measurement. */
  readonly pids: readonly number[];
  /**
   * Requests per second; each is due at its moment whatever the answers before it do, and its latency counts from
   * there. Left out: as many as go.
   */
  readonly rate?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type LoadAnswer =
  | { readonly ok: true; readonly result: LoadResult }
  | { readonly ok: false; readonly error: string };
