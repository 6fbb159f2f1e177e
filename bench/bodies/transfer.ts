/** What is asked of the client of large bodies, and what it hears back. */

export interface TransferJob {
  readonly port: number;
  /** The head of the request up to the headers that frame its body, with their CR LF. */
  readonly head: string;
  readonly direction: 'down' | 'up' | 'up in chunks';
  readonly bytes: number;
  /** One after the other on each connection. */
  readonly transfers: number;
  readonly connections: number;
  /** Processes whose CPU time and memory are looked at. */
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
