/** The port behind the limiter: counts by key in fixed windows. One counter may serve several processes. */

export interface Count {
  /** Attempts in the window, with this one. */
  readonly attempts: number;
  /** Milliseconds until the window ends. */
  readonly endsInMs: number;
}

/** `kind` keeps keys of different purposes apart: a flood of one kind must not push out the others. Nothing rejects. */
export interface AttemptCounter {
  /** Counts one attempt; the first one opens a window of `windowMs`. */
  add(kind: string, key: string, windowMs: number): Promise<Count>;
  /** Takes one attempt back. */
  remove(kind: string, key: string): Promise<void>;
  /** Ends the window. */
  forget(kind: string, key: string): Promise<void>;
  /** Whether the key has an open window. */
  has(kind: string, key: string): Promise<boolean>;
}
