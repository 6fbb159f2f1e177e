/** The admin port of a gateway: what it shows of the process, and what its rules are in the configuration of the moment. */
import type { MailState } from '../auth-api/outbox/mail-events.ts';
import type { Address } from '../config/config.ts';
import type { ConfigProblem } from '../config/problem.ts';
import { reasons } from '../core/outcome/reasons.ts';
import { type AdminServer, createAdminServer } from '../entrypoints/admin/admin-server.ts';
import type { RevocationRequest } from '../entrypoints/admin/revocation-request.ts';
import type { Telemetry } from '../telemetry/create-telemetry.ts';
import type { Runtime } from './create-runtime.ts';
import { explainLive } from './explain-live.ts';

export interface AdminParts {
  /** What is in use now. */
  current(): Runtime;
  draining(): boolean;
  readonly telemetry: Telemetry;
  /** Null: this process sends no mail. */
  readonly mailState: () => MailState | null;
  /** Null: the configuration cannot be read again. */
  readonly reload: (() => readonly ConfigProblem[]) | null;
  /** How a candidate of the rules compares; plain data. */
  readonly shadow: () => object;
}

export function createAdmin(
  address: Address,
  { current, draining, telemetry, mailState, reload, shadow }: AdminParts,
): AdminServer {
  return createAdminServer({
    address,
    hostNames: () => current().config.server.adminHosts,
    token: () => current().config.server.adminToken,
    metrics: async () => ({ type: telemetry.metricsContentType, text: await telemetry.metricsText() }),
    live: () => true,
    ready: async () => ({
      configuration: true,
      // Nobody waits for the Auth API to learn that the end has begun.
      authApi: !draining() && (await current().resolver.ready()),
      redis: current().resolver.redisConnected(),
      revocations: hears(current()),
      mail: mailWorks(mailState()),
      draining: draining(),
    }),
    routes: () => current().config.routes,
    shadow,
    explain: (question) => explainLive(current(), question),
    revocations: {
      revoke: (revocation, source) => revoke(current(), revocation, source),
      webhookSecrets: () => current().config.revocations.webhookSecrets,
      now: Date.now,
    },
    // A process that is ending brings nothing new to life.
    ...(reload === null ? {} : { reload: () => (draining() ? 'draining' : reload()) }),
    refused: ({ reason, cause, ...where }) => {
      const err = cause === undefined ? {} : { err: cause };
      telemetry.log[reasons[reason].level]({ ...where, reason, ...err }, 'refused by the admin port');
    },
  });
}

function mailWorks(state: MailState | null): boolean | null {
  return state === null ? null : !state.failing;
}

/** Null: nobody else revokes, so there is nothing to hear. */
function hears({ config, resolver }: Runtime): boolean | null {
  return config.cache.redis === null ? null : resolver.revocations.hearing.hears(Date.now());
}

/** A credential goes no further than its keyed names. */
function revoke({ resolver }: Runtime, request: RevocationRequest, source: 'admin' | 'webhook') {
  const { revocations } = resolver;
  switch (request.kind) {
    case 'bearer':
    case 'key_pair':
      return revocations.revoke({ kind: 'credential', lookups: resolver.lookupsOf(request) }, source);
    default:
      return revocations.revoke(request, source);
  }
}
