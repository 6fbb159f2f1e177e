/** Health of the process: alive while it responds, ready while its store does. */
import { operationsOf } from '../../operations/operation.ts';
import type { MailState } from '../../telemetry/auth-api-events.ts';
import { noCredential } from '../credentials/credential-rule.ts';
import { type Operation, rules } from '../operations/operation.ts';
import { Refusal, type RefusalCode } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';

export interface HealthSources {
  /** Null: no mail is sent. */
  readonly mailState: () => MailState | null;
  /** Null: none is configured. */
  readonly redisConnected: () => boolean | null;
  /** What becomes of the secret of a gateway in a request; null: there is none. */
  readonly gatewayOf: (rawHeaders: readonly string[]) => 'recognized' | 'secret_wrong' | null;
}

const defineOperation = operationsOf<Services, RefusalCode>({ ...rules, base: '' });

export function healthOperations({ mailState, redisConnected, gatewayOf }: HealthSources): readonly Operation[] {
  return [
    defineOperation({
      name: 'readLiveness',
      summary: 'Whether the process responds',
      method: 'GET',
      paths: ['/health/live'],
      credential: noCredential,
      async handle({ rawHeaders }) {
        const gateway = gatewayOf(rawHeaders);
        return { status: 'ok', ...(gateway === null ? {} : { gateway }) };
      },
    }),
    defineOperation({
      name: 'readReadiness',
      summary: 'Whether the store responds',
      method: 'GET',
      paths: ['/health/ready'],
      credential: noCredential,
      refusals: ['store_unavailable'],
      async handle(_call, { store }) {
        if (!(await responds(store))) return new Refusal('store_unavailable', { retryAfterS: 2 });
        // Failures of mail and Redis do not affect readiness: sessions and keys can still be checked.
        const mail = mailState();
        const checks = {
          store: 'ok',
          redis: wordOf(redisConnected()),
          mail: wordOf(mail === null ? null : !mail.failing),
        };
        return { status: 'ok', checks };
      },
    }),
  ];
}

function wordOf(up: boolean | null): string {
  return up === null ? 'not configured' : up ? 'ok' : 'down';
}

async function responds(store: Pick<Services['store'], 'ping'>): Promise<boolean> {
  try {
    await store.ping();
    return true;
  } catch {
    return false;
  }
}
