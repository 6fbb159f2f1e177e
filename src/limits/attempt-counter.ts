/** The port behind the limiter: counts by key in fixed windows. One counter may serve several processes. */

export interface Count {
  /** Attempts in the window, including this one. */
  readonly attempts: number;
  /** Milliseconds until the window ends. */
  readonly endsInMs: number;
}

/** `kind` separates keys by purpose: a flood of one kind must not evict the others. No method rejects. */
export interface AttemptCounter {
  /** Counts one attempt; the first one opens a window of `windowMs`. */
  add(kind: string, key: string, windowMs: number): Promise<Count>;
  /** Undoes one attempt. */
  remove(kind: string, key: string): Promise<void>;
  /** Ends the window. */
  forget(kind: string, key: string): Promise<void>;
  /** In the open window; 0: there is none. */
  attempts(kind: string, key: string): Promise<number>;
}
