/** Jobs for the client process, and its results. */

export interface Sample {
  readonly request: string;
  readonly status: number;
}

export interface LoadJob {
  readonly port: number;
  /** The whole request. Twelve-digit numbers replace `{n}` and `{r}`, and a new trace id replaces `{t}`. */
  readonly request: string;
  /** Sent one after the other, again and again, instead of `request`. */
  readonly cycle?: readonly Sample[] | undefined;
  /** `{n}` is a random number below this; if unset, it differs in every request. */
  readonly numbers?: number | undefined;
  /** `{r}` is a random number below this; if unset, below 1. */
  readonly routes?: number | undefined;
  readonly status: number;
  readonly connections: number;
  /** Each request has a connection of its own, opened after the response to the one before. */
  readonly reconnects?: boolean | undefined;
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Processes whose CPU time is read at the start and end of the measurement. */
  readonly pids: readonly number[];
  /**
   * Requests per second. Each is due at a fixed time, however late earlier responses are, and its latency counts from then. If
   * unset, as many as possible.
   */
  readonly rate?: number | undefined;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export const cpuPerRequest = ({ cpuUs, requests }: LoadResult): number => cpuUs / requests;

export type LoadAnswer =
  | { readonly ok: true; readonly result: LoadResult }
  | { readonly ok: false; readonly error: string };
