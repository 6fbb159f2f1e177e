/** The logger of everything that is not a request: JSON lines through the same sink, secrets taken out of each. */
import pino, { type Logger } from 'pino';
import type { LogConfig } from '../config/config.ts';
import { asciiJson } from './json-text.ts';
import type { LogSink } from './log-sink.ts';
import { redactText, redactValue } from './redaction.ts';

export type { Logger } from 'pino';

/** `worker`: its number, in each line; left out: this process is none. */
export function createLogger(level: LogConfig['level'], sink: LogSink, worker?: number): Logger {
  return pino(
    {
      level,
      base: worker === undefined ? null : { worker },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: redactValue },
    },
    { write: (line: string) => sink.write(cleanLine(line)) },
  );
}

/**
 * Secrets are taken out of the finished line, so that nothing passes by: neither the message, nor what a child logger
 * adds to all its lines. These lines are few; the line of a request does not come this way.
 */
function cleanLine(line: string): string {
  try {
    return `${asciiJson(JSON.stringify(redactValue(JSON.parse(line))))}\n`;
  } catch {
    return `${asciiJson(redactText(line.trimEnd()))}\n`;
  }
}
