/** Health of the process: alive while it responds, ready while its store does. */

import type { MailState } from '../outbox/mail-events.ts';
import { Refusal } from '../outcome/refusals.ts';
import type { AuthStore } from '../store/auth-store.ts';
import type { Served } from './responses.ts';

export interface HealthSources {
  readonly store: Pick<AuthStore, 'ping'>;
  readonly mailState: () => MailState | null;
  /** Null: none is configured. */
  readonly redisConnected: () => boolean | null;
}

/** Null: not a health path. Refuses readiness with 503. */
export async function respondToHealth(
  path: string,
  method: string,
  sources: HealthSources,
  /** The secret of a gateway in the request; null: none. */
  gateway: 'recognized' | 'secret_wrong' | null = null,
): Promise<Served | Refusal | null> {
  if (path !== '/health/live' && path !== '/health/ready') return null;
  if (method !== 'GET' && method !== 'HEAD') return new Refusal('method_not_allowed', { allow: ['GET', 'HEAD'] });
  if (path === '/health/live') return { status: 200, body: { status: 'ok', ...(gateway === null ? {} : { gateway }) } };
  if (!(await responds(sources.store))) return new Refusal('store_unavailable', { retryAfterS: 2 });
  // Failures of mail and Redis do not affect readiness: sessions and keys can still be checked.
  const mail = sources.mailState();
  const checks = {
    store: 'ok',
    redis: wordOf(sources.redisConnected()),
    mail: wordOf(mail === null ? null : !mail.failing),
  };
  return { status: 200, body: { status: 'ok', checks } };
}

function wordOf(up: boolean | null): string {
  return up === null ? 'not configured' : up ? 'ok' : 'down';
}

async function responds(store: Pick<AuthStore, 'ping'>): Promise<boolean> {
  try {
    await store.ping();
    return true;
  } catch {
    return false;
  }
}
