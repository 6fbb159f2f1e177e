/** Jobs for the client of large bodies, and its results. */

export interface TransferJob {
  readonly port: number;
  /** The head of the request, without the headers that frame its body, with CR LF. */
  readonly head: string;
  readonly direction: 'down' | 'up' | 'up in chunks';
  readonly bytes: number;
  /** Transfers on each connection, one after the other. */
  readonly transfers: number;
  readonly connections: number;
  /** Processes whose CPU time and memory are measured. */
  readonly pids: readonly number[];
}

export interface TransferResult {
  readonly seconds: number;
  readonly cpuUs: number;
  /** Resident memory of all of them together: before, and at its peak. */
  readonly beforeBytes: number;
  readonly peakBytes: number;
}

export type TransferAnswer =
  | { readonly ok: true; readonly result: TransferResult }
  | { readonly ok: false; readonly error: string };
