/** Where log lines go, and what becomes of them there. */

export interface LogOutput {
  /** Accepts one or more lines, each with its line feed. Never throws. */
  write(lines: string): void;
  /** Writes everything within a time limit. Call it before `close` if there is time. */
  settle(): Promise<void>;
  /** Writes everything before it returns, unless it cannot be written; later lines are written one by one. */
  close(): void;
}

export interface OutputEvents {
  /** The number of lines that were dropped. */
  dropped(lines: number): void;
  /** Called when writes begin to fail, except because of a slow reader, and when they succeed again. */
  failing(failing: boolean): void;
}
