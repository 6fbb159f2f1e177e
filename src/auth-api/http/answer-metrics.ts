/** Metrics for whoever runs the process: only for this machine and for trusted peers, and not for clients behind them. */
import type { MetricsPage } from '../auth-api.ts';
import { Refusal } from '../outcome/refusals.ts';
import { isLoopback, plainAddress } from './client-address.ts';
import type { Served } from './served.ts';

export interface MetricsSources {
  /** Null: there are none. */
  readonly metrics: (() => Promise<MetricsPage>) | null;
  readonly trustPeer: (address: string) => boolean;
}

export interface MetricsRequest {
  readonly path: string;
  readonly method: string;
  readonly peer: string;
  readonly rawHeaders: readonly string[];
}

/** Null: nothing of metrics is there for this request. */
export async function answerMetrics(
  request: MetricsRequest,
  sources: MetricsSources,
): Promise<Served | Refusal | null> {
  const { path, method, rawHeaders } = request;
  if (path !== '/metrics' || sources.metrics === null) return null;
  const peer = plainAddress(request.peer);
  if (!isLoopback(peer) && !sources.trustPeer(peer)) return null;
  // A proxy passed it on: somebody else asks.
  if (rawHeaders.some((name, at) => at % 2 === 0 && /^(?:x-forwarded-for|forwarded|via)$/i.test(name))) return null;
  if (method !== 'GET' && method !== 'HEAD') return new Refusal('method_not_allowed', { allow: ['GET', 'HEAD'] });
  const { type, text } = await sources.metrics();
  return { status: 200, type, body: text };
}
