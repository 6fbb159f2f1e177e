/** Health for whoever runs the process: alive as long as it answers, ready as long as its store does. */
import { Refusal } from '../outcome/refusals.ts';
import type { AuthStore } from '../store/auth-store.ts';

export interface Served {
  readonly status: number;
  readonly body: object;
}

/** Null: the path is none of health's. Refuses readiness with 503. */
export async function answerHealth(
  path: string,
  method: string,
  store: Pick<AuthStore, 'ping'>,
): Promise<Served | Refusal | null> {
  if (path !== '/health/live' && path !== '/health/ready') return null;
  if (method !== 'GET' && method !== 'HEAD') return new Refusal('method_not_allowed', { allow: ['GET', 'HEAD'] });
  const ready = path === '/health/live' || (await answers(store));
  return ready ? { status: 200, body: { status: 'ok' } } : new Refusal('store_unavailable', { retryAfterS: 2 });
}

async function answers(store: Pick<AuthStore, 'ping'>): Promise<boolean> {
  try {
    await store.ping();
    return true;
  } catch {
    return false;
  }
}
