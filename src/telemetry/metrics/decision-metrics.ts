/** Counts how candidate rules compare with those in use, and what happens to decision records. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { noRoute } from './request-series.ts';

export interface ShadowEvents {
  /** `skipped`: too many came at once. */
  compared(result: string): void;
  /** Route of the rules in use, else of the candidate; reason of the candidate, else of the rules in use; null: none. */
  differed(route: string | null, difference: string, reason: string | null): void;
}

export interface EvictionEvents {
  /** Records were removed to make room, before their time. `ageMs`: of the newest of them. */
  evicted(from: 'memory' | 'redis', count: number, ageMs: number): void;
}

export interface RecordEvents extends EvictionEvents {
  /** `dropped`: beyond the rate; `unshared`: other replicas do not have it; `unwritten`: the file does not have it. */
  recorded(result: 'kept' | 'dropped' | 'unshared' | 'unwritten'): void;
}

/** Bounds the series of differences, because candidates may bring many routes. Further ones count without a route. */
const maxSeries = 5000;

export function createDecisionMetrics(registry: Registry): ShadowEvents & RecordEvents {
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
    help: 'Decision records: kept, or dropped (too many at once); of the kept ones unshared (not in Redis) and unwritten (not in the file).',
    labelNames: ['result'],
    registers,
  });
  for (const result of ['kept', 'dropped', 'unshared', 'unwritten']) recorded.inc({ result }, 0);
  const evicted = new Counter({
    name: 'rolegate_decision_records_evicted_total',
    help: 'Decision records that were removed to make room ("records.max"), from memory or from Redis, before "records.keep" was over.',
    labelNames: ['store'],
    registers,
  });
  for (const store of ['memory', 'redis']) evicted.inc({ store }, 0);
  const evictedAge = new Gauge({
    name: 'rolegate_decision_records_evicted_age_seconds',
    help: 'Age of the newest decision record that was last removed to make room: how long records of the most frequent reason last.',
    labelNames: ['store'],
    registers,
  });
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
    evicted(store, count, ageMs) {
      evicted.inc({ store }, count);
      evictedAge.set({ store }, ageMs / 1000);
    },
  };
}
