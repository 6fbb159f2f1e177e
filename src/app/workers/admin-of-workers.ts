/** What the admin port shows of a gateway of several processes. */
import { z } from 'zod';
import type { ReadyReport, SourceReport } from '../../admin/ready-report.ts';
import type { SourceFailure } from '../../core/identity/identity.ts';
import type { MetricsFormat } from '../../operations/metrics-format.ts';
import type { Telemetry } from '../../telemetry/create-telemetry.ts';
import { byErrorIdFirst, newest } from '../../telemetry/records/recent-decisions.ts';
import type { DecisionRecorder } from '../record-decisions.ts';
import type { ShadowReport } from '../shadow-candidate.ts';
import { metricsMessage, type WorkerMetrics } from './sum-metrics.ts';
import { keptDecisions, ready } from './worker-messages.ts';
import type { WorkerPool } from './worker-pool.ts';

/** A worker that does not respond for this long is killed. */
const showMs = 10_000;
const maxRecent = 256;

const shadowReport = z.strictObject({
  candidate: z.strictObject({ since: z.string(), routes: z.int(), notCompared: z.array(z.string()) }).nullable(),
  problems: z.array(z.string()),
  decisions: z.record(z.string(), z.int()),
  recent: z.array(z.looseObject({ at: z.string() })),
});

/** `known` keeps the last metrics of each worker. */
export async function metricsOf(
  pool: WorkerPool,
  known: WorkerMetrics,
  { registry }: Telemetry,
  format: MetricsFormat,
) {
  for (const { worker, number, response } of await pool.requestServing({ do: 'metrics' }, metricsMessage, showMs)) {
    known.add(worker, number, response);
  }
  return await known.page(await registry.getMetricsAsJSON(), format);
}

/**
 * Ready if every serving worker is. A restarting one has no connections, so it does not affect the others; without any worker, nothing is
 * ready.
 */
export async function readyOfAll(pool: WorkerPool, wanted: number, own: ReadyReport): Promise<ReadyReport> {
  const workers = { serving: pool.serving, wanted };
  if (own.draining) return { ...own, workers };
  const responses = await pool.requestServing({ do: 'ready' }, ready, showMs);
  return responses.reduce(
    (all, { response }) => ({
      configuration: all.configuration && response.configuration,
      ...(all.config === undefined ? {} : { config: all.config }),
      sources: all.sources.map((source) => together(source, response.sources)),
      readyWithoutSources: all.readyWithoutSources && response.readyWithoutSources,
      redis: both(all.redis, response.redis),
      revocations: both(all.revocations, response.revocations),
      mail: all.mail,
      identityKeys: both(all.identityKeys, response.identityKeys),
      workers,
      draining: all.draining || response.draining,
    }),
    { ...own, workers },
  );
}

/** `own`: the report of the supervisor, which compares nothing, but knows why the newest candidate cannot be used. */
export async function shadowOf(pool: WorkerPool, own: ShadowReport): Promise<object> {
  const responses = await pool.requestServing({ do: 'shadow' }, shadowReport, showMs);
  const decisions: Record<string, number> = { ...own.decisions };
  for (const { response } of responses) {
    for (const [result, count] of Object.entries(response.decisions))
      decisions[result] = (decisions[result] ?? 0) + count;
  }
  const recent = responses
    .flatMap(({ response }) => response.recent)
    .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
    .slice(0, maxRecent);
  return { ...own, decisions, recent };
}

/** The combined state of a source: unreachable if one process cannot reach it. */
function together(source: SourceReport, others: readonly SourceReport[]): SourceReport {
  const other = others.find(({ name }) => name === source.name);
  if (other === undefined) return source;
  return {
    name: source.name,
    reachable: both(source.reachable, other.reachable),
    failures: distinct([...source.failures, ...other.failures]),
  };
}

/** One per URL, because workers usually see the same. */
function distinct(failures: readonly SourceFailure[]): readonly SourceFailure[] {
  return [...new Map(failures.map((failure) => [failure.url, failure])).values()];
}

function both(one: boolean | null, other: boolean | null): boolean | null {
  return one === null || other === null ? null : one && other;
}

/** The records of all workers; with Redis, each worker finds those of all. */
export function recordedByAll(pool: WorkerPool): Pick<DecisionRecorder, 'find' | 'list'> {
  return {
    async find(id) {
      const responses = await pool.requestServing({ do: 'find', id }, keptDecisions, showMs);
      return byErrorIdFirst(
        id,
        responses.flatMap(({ response }) => response.kept),
      );
    },
    async list(filter, most) {
      const responses = await pool.requestServing({ do: 'list', filter, most }, keptDecisions, showMs);
      return newest(
        responses.flatMap(({ response }) => response.kept).sort((a, b) => a.atMs - b.atMs),
        most,
      );
    },
  };
}
