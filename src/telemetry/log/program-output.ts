/** The output of a gateway that is part of another program: each line at once. */
import type { LogOutput } from './standard-output.ts';

/** What takes the lines of a gateway that is part of another program. */
export interface LogDestination {
  write(lines: string): unknown;
}

/** A destination that fails gets no line. */
export function outputTo(destination: LogDestination): LogOutput {
  return {
    write(lines) {
      try {
        destination.write(lines);
      } catch {
        // A log that cannot be written stops no request.
      }
    },
    settle: async () => {},
    close: () => {},
  };
}
