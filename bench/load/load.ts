/** What a benchmark asks of the client process, and what it gets back. */

export interface LoadJob {
  readonly port: number;
  /** Whole request; `{n}` and `{r}` are replaced by numbers of twelve digits, `{t}` by a trace id of its own. */
  readonly request: string;
  /** Sent in place of `request` every so many times. */
  readonly other?: { readonly request: string; readonly every: number };
  /** `{n}` is drawn at random below this; if unset, no two requests have the same one. */
  readonly numbers?: number;
  /** `{r}` is drawn at random below this; if unset, below 1. */
  readonly routes?: number;
  readonly status: number;
  readonly connections: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Processes whose CPU time is read at both ends of the measurement. */
  readonly pids: readonly number[];
  /**
   * Requests per second; each is due at its moment, however late the responses before it are, and its latency counts from
   * there. If unset: as many as go.
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
