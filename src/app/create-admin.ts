/** The admin port of a gateway of one or several processes; its rules come from the current configuration. */

import type { AdminSources } from '../admin/admin-operations.ts';
import { createAdminServer } from '../admin/admin-server.ts';
import type { RevocationSources } from '../admin/revocations.ts';
import type { Address, Config } from '../config/config.ts';
import { reasons } from '../core/outcome/reasons.ts';
import type { Logger } from '../telemetry/log/logger.ts';
import type { OpenTlsPort } from '../tls/tls-port.ts';
import { listenOn } from './listen-error.ts';
import { sourcesAlike } from './sources-alike.ts';

export interface AdminParts
  extends Required<
      Pick<
        AdminSources,
        'metrics' | 'ready' | 'reach' | 'shadow' | 'decisions' | 'explain' | 'identityKeys' | 'takeEvent'
      >
    >,
    Pick<AdminSources, 'showConfig'> {
  readonly version: string;
  readonly openTlsPort: OpenTlsPort;
  config(): Config;
  draining(): boolean;
  readonly log: Logger;
  readonly revoke: RevocationSources['revoke'];
  replays(): RevocationSources['replays'];
  /** Null: the configuration cannot be reloaded. */
  readonly reload: Exclude<AdminSources['reload'], undefined> | null;
}

export interface AdminPort {
  readonly address: Address;
  /** For later connections: the certificates of another configuration. Returns the files that are not used, because they are not valid now. */
  use(config: Config): readonly string[];
  close(): Promise<void>;
}

/** Rejects with `ListenError`. */
export async function openAdmin(address: Address, parts: AdminParts): Promise<AdminPort> {
  const { config, draining, log, revoke, replays, reload, openTlsPort, ...rest } = parts;
  const { adminTls } = config().server;
  const secure = adminTls === null ? null : openTlsPort(adminTls);
  const server = createAdminServer({
    ...rest,
    address,
    hostNames: () => config().server.adminHosts,
    tokens: () => config().server.adminTokens,
    live: () => true,
    routes: () => config().routes,
    revocations: {
      revoke,
      get replays() {
        return replays();
      },
      sourcesAlike: (name) => sourcesAlike(config(), name),
      webhookSecrets: () => config().revocations.webhookSecrets,
      now: Date.now,
    },
    // A process that is ending starts nothing new.
    ...(reload === null ? {} : { reload: () => (draining() ? 'draining' : reload()) }),
    changed: (change) => log.info({ ...change }, 'changed through the admin port'),
    refused: ({ reason, cause, ...where }) => {
      const err = cause === undefined ? {} : { err: cause };
      log[reasons[reason].level]({ ...where, reason, ...err }, 'refused by the admin port');
    },
  });
  return {
    address: await listenOn('server.admin', address, () => server.listen(secure)),
    // A port without TLS has none until the next start, and the other way round.
    use: ({ server: next }) => (secure === null || next.adminTls === null ? [] : secure.use(next.adminTls)),
    close: () => server.close(),
  };
}
