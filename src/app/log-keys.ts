/** Log lines about the signing keys of identities. They contain only the id of a key. */
import type { KeyEvents } from '../assertion/rotating-keys.ts';
import type { Logger } from '../telemetry/log/logger.ts';

export function logKeys(log: Logger): KeyEvents {
  return {
    key: (kid, isNew, signsFromMs) =>
      log.info(
        { kid, signsFrom: new Date(signsFromMs).toISOString() },
        isNew ? 'signing key made' : 'signing key adopted',
      ),
    shared(isShared) {
      if (isShared) log.info('signing keys are shared again');
      else
        log.warn('signing keys cannot be shared through Redis: those that are known stay in use, and no key is made');
    },
    alone: () =>
      log.warn('signing keys live in this process alone: a restart makes others, and another replica has its own'),
  };
}
