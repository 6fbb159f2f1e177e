/** The output of a gateway that is part of another program: each line at once. */
import type { LogOutput } from './log-output.ts';

/** The destination of lines of an embedded gateway. */
export interface LogDestination {
  write(lines: string): unknown;
}

/** A failing destination loses the line. */
export function outputTo(destination: LogDestination): LogOutput {
  return {
    write(lines) {
      try {
        destination.write(lines);
      } catch {
        // A failing log must not stop requests.
      }
    },
    settle: async () => {},
    close: () => {},
  };
}
