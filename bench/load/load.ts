/** Jobs for the client process, and its results. */

export interface LoadJob {
  readonly port: number;
  /** The whole request. Twelve-digit numbers replace `{n}` and `{r}`, and a new trace id replaces `{t}`. */
  readonly request: string;
  /** Sent instead of `request` once in every `every` requests. */
  readonly other?: { readonly request: string; readonly every: number };
  /** `{n}` is a random number below this; if unset, it differs in every request. */
  readonly numbers?: number;
  /** `{r}` is a random number below this; if unset, below 1. */
  readonly routes?: number;
  readonly status: number;
  readonly connections: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Processes whose CPU time is read at the start and end of the measurement. */
  readonly pids: readonly number[];
  /**
   * Requests per second. Each is due at a fixed time, however late earlier responses are, and its latency counts from then. If
   * unset, as many as possible.
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

export const cpuPerRequest = ({ cpuUs, requests }: LoadResult): number => cpuUs / requests;

export type LoadAnswer =
  | { readonly ok: true; readonly result: LoadResult }
  | { readonly ok: false; readonly error: string };
