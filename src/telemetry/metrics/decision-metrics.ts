/** Counts how candidate rules compare with those in use, and what happens to recorded decisions. */
import { Counter, type Registry } from 'prom-client';
import { noRoute } from './request-series.ts';

export interface ShadowEvents {
  /** `skipped`: too many came at once. */
  compared(result: string): void;
  /** Route of the rules in use, else of the candidate; reason of the candidate, else of the rules in use; null: none. */
  differed(route: string | null, difference: string, reason: string | null): void;
}

export interface RecordEvents {
  recorded(result: 'written' | 'skipped' | 'failed'): void;
}

/** Counts the records for look-ups. */
export interface KeepEvents {
  /** `dropped`: beyond the rate; `unshared`: other replicas do not have it. */
  kept(result: 'kept' | 'dropped' | 'unshared'): void;
}

/** Bounds the series of differences, because candidates may bring many routes. Further ones count without a route. */
const maxSeries = 5000;

export function createDecisionMetrics(registry: Registry): ShadowEvents & RecordEvents & KeepEvents {
  const registers = [registry];
  const compared = new Counter({
    name: 'rolegate_shadow_decisions_total',
    help: 'Decisions compared with candidate rules: same, newly_allowed, newly_refused, other_reason, other_route, undecided or skipped.',
    labelNames: ['result'],
    registers,
  });
  const differences = new Counter({
    name: 'rolegate_shadow_differences_total',
    help: 'Decisions that candidate rules would have made differently; the reason is that of the refusal or of the condition.',
    labelNames: ['route', 'difference', 'reason'],
    registers,
  });
  const recorded = new Counter({
    name: 'rolegate_decision_records_total',
    help: 'Decision records: written to the file, skipped (too many at once) or failed; kept for look-ups, dropped (too many at once) or unshared (not in Redis).',
    labelNames: ['result'],
    registers,
  });
  for (const result of ['written', 'skipped', 'failed', 'kept', 'dropped', 'unshared']) recorded.inc({ result }, 0);
  const series = new Set<string>();

  /** Whether these labels have a series or may get one. */
  function hasRoom(route: string, difference: string, reason: string): boolean {
    const key = `${route} ${difference} ${reason}`;
    if (!series.has(key) && series.size >= maxSeries) return false;
    series.add(key);
    return true;
  }

  return {
    compared: (result) => compared.inc({ result }),
    differed(id, difference, refusal) {
      const reason = refusal ?? '';
      const route = id !== null && hasRoom(id, difference, reason) ? id : noRoute;
      differences.inc({ route, difference, reason });
    },
    recorded: (result) => recorded.inc({ result }),
    kept: (result) => recorded.inc({ result }),
  };
}
