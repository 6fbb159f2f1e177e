/** What becomes of the log: lines that were dropped, and whether it can be written at all. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { OutputEvents } from '../log/log-output.ts';

export function createLogMetrics(registry: Registry): OutputEvents {
  const registers = [registry];
  const dropped = new Counter({
    name: 'rolegate_log_lines_dropped_total',
    help: 'Log lines that were dropped because the log could not be written, or not fast enough.',
    registers,
  });
  const failing = new Gauge({
    name: 'rolegate_log_failing',
    help: 'Whether the log could not be written at the last attempt, such as to a full disk or a closed pipe: 1, or 0.',
    aggregator: 'max',
    registers,
  });
  return {
    dropped: (lines) => dropped.inc(lines),
    failing: (is) => failing.set(is ? 1 : 0),
  };
}
