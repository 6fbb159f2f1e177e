/** Makes the Auth API: opens the store, joins the parts, and offers what an embedder may do without HTTP. */
import type { AuthApi, AuthApiLog, AuthApiOptions } from './auth-api.ts';
import { createAccounts } from './create-accounts.ts';
import { createHttpServer, defaultHttpLimits } from './http/http-server.ts';
import { compileMatcher } from './http/match-operation.ts';
import { defaultAttemptLimits } from './limits/attempt-limiter.ts';
import { createMemoryLimiter } from './limits/memory-limiter.ts';
import { allOperations } from './operations/all-operations.ts';
import { openOutbox } from './outbox/open-outbox.ts';
import type { OutgoingMail } from './outbox/outbox.ts';
import type { RevocationEvent } from './revocation-event.ts';
import { createKeyedHashes } from './secrets/keyed-hashes.ts';
import type { Services } from './services.ts';
import { openSqliteStore } from './store/sqlite-store.ts';
import { startSweeper } from './store/sweeper.ts';

const minSecretLength = 32;
const graceMs = 5_000;
const sweepIntervalMs = 30_000;

/** Rejects when the secret is too short, or when the database cannot be opened or brought to the current version. */
export async function createAuthApi(options: AuthApiOptions): Promise<AuthApi> {
  const { settings, log, now = Date.now, trustPeer = () => false } = options;
  if (settings.secret.length < minSecretLength) {
    throw new RangeError(`the secret of the Auth API needs at least ${minSecretLength} characters`);
  }
  const store = await openSqliteStore(settings.database);
  const services: Services = {
    store,
    hashes: createKeyedHashes([settings.secret]),
    limiter: createMemoryLimiter(now),
    limits: { ...defaultAttemptLimits, ...options.limits },
    outbox: guardOutbox(options, log),
    rules: settings,
    now,
    revoked: guardRevoked(options.onRevoked, log),
  };
  const server = createHttpServer(
    { match: compileMatcher(allOperations), services, log, trustPeer },
    { ...defaultHttpLimits, ...options.http },
  );
  const sweeper = startSweeper(store, {
    intervalMs: sweepIntervalMs,
    now,
    failed: (error) => log.warn({ err: error }, 'ended rows could not be swept'),
  });
  let closed: Promise<void> | null = null;
  return {
    listen: ({ host, port }) => server.listen(host, port),
    close() {
      closed ??= (async () => {
        await server.close(graceMs);
        await sweeper.close();
        await store.close();
      })();
      return closed;
    },
    ...createAccounts(services),
  };
}

/** A fault of the one who prints must not become a fault of the request. */
function guardOutbox(options: AuthApiOptions, log: AuthApiLog): Services['outbox'] {
  const outbox = openOutbox(options.settings.outbox, options.printCode);
  return {
    send(mail: OutgoingMail) {
      try {
        outbox.send(mail);
      } catch (error) {
        log.error({ err: error }, 'mail could not be handed over');
      }
    },
  };
}

function guardRevoked(onRevoked: ((event: RevocationEvent) => void) | undefined, log: AuthApiLog) {
  return (event: RevocationEvent): void => {
    try {
      onRevoked?.(event);
    } catch (error) {
      log.error({ err: error, kind: event.kind, id: event.id }, 'a revocation could not be published');
    }
  };
}
