/** A duration on the command line, written as in the configuration: `2s`. */
import { formatDuration, parseDuration } from '../config/units/quantities.ts';
import { usageError } from './exit-code.ts';

/** Milliseconds. */
export function readDuration(option: string, text: string, minMs: number, maxMs: number): number {
  const ms = parseDuration(text);
  if (ms !== null && ms >= minMs && ms <= maxMs) return ms;
  const bounds = `from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  throw usageError(`rolegate: ${option} must be a duration ${bounds}, such as 5s`);
}
