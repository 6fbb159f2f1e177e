/** The logger of everything but requests: JSON lines of pino through the same output, without secrets. */
import pino, { type Logger } from 'pino';
import type { LogConfig } from '../../config/config.ts';
import { asciiJson } from './ascii-json.ts';
import type { LogOutput } from './log-output.ts';
import { redactText, redactValue } from './redaction.ts';

export type { Logger } from 'pino';

/** Members of each line: the name of the replica, and the number of the worker, if this process is one. */
export interface LineBase {
  readonly instance?: string | undefined;
  readonly worker?: number | undefined;
}

export function createLogger(level: LogConfig['level'], output: Pick<LogOutput, 'write'>, base: LineBase): Logger {
  return pino(
    {
      level,
      base,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: redactValue },
    },
    { write: (line: string) => output.write(cleanLine(line)) },
  );
}

/**
 * Secrets are removed from the finished line, so that the message and the members of a child logger are covered, too. These lines are few;
 * access lines are written elsewhere.
 */
function cleanLine(line: string): string {
  try {
    return `${asciiJson(JSON.stringify(redactValue(JSON.parse(line))))}\n`;
  } catch {
    return `${asciiJson(redactText(line.trimEnd()))}\n`;
  }
}
