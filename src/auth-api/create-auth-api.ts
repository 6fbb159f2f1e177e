/** Creates the Auth API: opens the store, joins the parts, and offers the functions for an embedder. */

import { compareSecrets } from '../sealing/compare-secrets.ts';
import type { ForwardedIgnored } from '../telemetry/auth-api-events.ts';
import type { AuthApi, AuthApiOptions } from './auth-api.ts';
import { createAccounts } from './create-accounts.ts';
import { createDescription } from './describe-api.ts';
import type { AuthApiLog, RevocationEvent } from './events.ts';
import { gatewayOf } from './http/client-address.ts';
import { healthOperations } from './http/health.ts';
import { metricsOperation, serveApi } from './http/serve-api.ts';
import { compileBudgets } from './limits/budgets.ts';
import { createLimiter } from './limits/limiter.ts';
import { handOverMail, openOutbox } from './open-outbox.ts';
import { openSharedParts } from './open-shared-parts.ts';
import { operationsWith } from './operations/all-operations.ts';
import { createKeyedHashes } from './secrets/keyed-hashes.ts';
import type { Services } from './services.ts';
import { openStore, postgresUrl } from './store/open-store.ts';
import { startSweeper } from './store/sweeper.ts';

const minSecretLength = 32;
const graceMs = 5_000;
const sweepIntervalMs = 30_000;
const defaultMailDelayMs = 500;

/** Rejects if a secret is too short, or the database cannot be opened or migrated. */
export async function createAuthApi(options: AuthApiOptions): Promise<AuthApi> {
  const { settings, log, now = Date.now } = options;
  const { secret, previousSecrets } = settings;
  if ([secret, ...previousSecrets].some(({ length }) => length < minSecretLength)) {
    throw new RangeError(`a secret of the Auth API needs at least ${minSecretLength} characters`);
  }
  const outbox = await openOutbox({ now, ...options });
  const mails = handOverMail(outbox, log, options.mailDelayMs ?? (settings.outbox === 'mail' ? defaultMailDelayMs : 0));
  const store = await openStore(settings.database);
  const shared = await openSharedParts(settings.redis, options.connectRedis, log, now);
  const revoked = guardRevoked(options.onRevoked, shared.publish, log);
  const hashes = createKeyedHashes([secret, ...previousSecrets]);
  const operations = operationsWith({ passkeys: settings.passkeys !== null });
  const services: Services = {
    store,
    hashes,
    limiter: createLimiter({
      budgets: compileBudgets(settings.limits),
      counter: shared.counter,
      keyOf: hashes.attemptsOf,
    }),
    outbox: mails,
    rules: settings,
    log,
    now,
    revoked,
    description: createDescription(operations),
  };
  const trust = {
    isGateway: compareSecrets(settings.gatewaySecrets),
    trustPeer: settings.trustedProxies,
    ignored: watchIgnored(options.onForwardedIgnored, log),
  };
  const serving = { services, log, trust, limits: options.http ?? {} };
  const health = healthOperations({
    mailState: outbox.state,
    redisConnected: shared.redisConnected,
    gatewayOf: (rawHeaders) => gatewayOf(rawHeaders, trust),
  });
  const server = serveApi([...operations, ...health], {
    ...serving,
    traceRequest: options.traceRequest ?? (() => null),
  });
  const { metrics } = options;
  const metricsServer =
    metrics === undefined ? null : serveApi([metricsOperation(metrics)], { ...serving, traceRequest: () => null });
  const sweeper = startSweeper(store, {
    intervalMs: sweepIntervalMs,
    now,
    ended: revoked,
    failed: (error) => log.warn({ err: error }, 'ended rows could not be swept'),
  });
  let closed: Promise<void> | null = null;
  let release = () => {};
  return {
    async listen(address, secure) {
      if (settings.redis === null && !postgresUrl.test(settings.database)) {
        const { lockForServing } = await import('./store/serving-lock.ts');
        release = lockForServing(settings.database);
      }
      return await server.listen(address, secure);
    },
    listenMetrics(address, secure) {
      if (metricsServer === null) throw new TypeError('there are no metrics');
      return metricsServer.listen(address, secure);
    },
    close() {
      closed ??= (async () => {
        await server.close(graceMs);
        mails.flush();
        await metricsServer?.close(graceMs);
        await outbox.close();
        await sweeper.close();
        await shared.close();
        await store.close();
        release();
      })();
      return closed;
    },
    mailState: outbox.state,
    ...createAccounts(services),
  };
}

/** Counts each, and warns only of the first of its kind: otherwise a client could flood the log. */
function watchIgnored(count: AuthApiOptions['onForwardedIgnored'], log: AuthApiLog) {
  const warned = new Set<ForwardedIgnored>();
  return (reason: ForwardedIgnored): void => {
    count?.(reason);
    if (warned.has(reason)) return;
    warned.add(reason);
    log.warn({ reason }, 'forwarded headers of a peer are not trusted: its clients share the budgets of one client');
  };
}

/** Notifies other processes first, even if the listener in this one fails. */
function guardRevoked(
  onRevoked: AuthApiOptions['onRevoked'],
  publish: (event: RevocationEvent) => void,
  log: AuthApiLog,
) {
  return (event: RevocationEvent): void => {
    publish(event);
    try {
      onRevoked?.(event);
    } catch (error) {
      log.error({ err: error, kind: event.kind, id: event.id }, 'a revocation could not be handed over');
    }
  };
}
