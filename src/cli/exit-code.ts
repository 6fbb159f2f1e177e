/** Exit codes of commands. */
export const ExitCode = {
  fine: 0,
  failed: 1,
  usage: 2,
  /** The result is negative: refused, or different. */
  different: 3,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Their meaning, for pages and help. */
export const exitMeanings: Readonly<Record<ExitCode, string>> = {
  [ExitCode.fine]: 'success',
  [ExitCode.failed]: 'failure',
  [ExitCode.usage]: 'usage error',
  [ExitCode.different]: 'the result is negative: refused, or different',
};

/** A message for the person at the terminal: printed alone, without a stack. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = ExitCode.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function usageError(message: string): CommandError {
  return new CommandError(message, ExitCode.usage);
}
