/** A duration on the command line, written as in the configuration: `2s`. */
import { formatDuration, parseDuration } from '../config/units/quantities.ts';
import { usageError } from './exit-code.ts';

/** Milliseconds. */
export function readDuration(option: string, text: string, leastMs: number, mostMs: number): number {
  const ms = parseDuration(text);
  if (ms !== null && ms >= leastMs && ms <= mostMs) return ms;
  const bounds = `from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`;
  throw usageError(`rolegate: ${option} must be a duration ${bounds}, such as 5s`);
}
