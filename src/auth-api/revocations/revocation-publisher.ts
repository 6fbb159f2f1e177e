/**
 * Publishes revocations over Redis. An answer never waits for it. What could not be published is not queued: once Redis
 * takes messages again, one message says that any verdict may be out of date.
 */
import type { Redis } from 'ioredis';
import type { AuthApiLog } from '../auth-api.ts';
import type { RevocationEvent } from '../revocation-event.ts';
import { encodeRevocation, type RevocationNotice, revocationChannel } from './revocation-message.ts';

export interface RevocationPublisher {
  /** Never throws. */
  publish(event: RevocationEvent): void;
  /** Waits for messages under way, each as long as a command may take. */
  close(): Promise<void>;
}

export interface RevocationPublisherOptions {
  readonly redis: Redis;
  readonly keyPrefix: string;
  readonly log: AuthApiLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const maxUnderWay = 1_000;
const everything: RevocationNotice = { kind: 'all', id: null };

export function createRevocationPublisher(options: RevocationPublisherOptions): RevocationPublisher {
  const { redis, log, now } = options;
  const channel = revocationChannel(options.keyPrefix);
  const underWay = new Set<Promise<void>>();
  let missed = false;

  function miss(): void {
    if (!missed) log.warn({}, 'a revocation could not be published; gateways are told once Redis answers again');
    missed = true;
  }

  function send(notice: RevocationNotice): void {
    if (underWay.size >= maxUnderWay) {
      miss();
      return;
    }
    const sent: Promise<void> = redis.publish(channel, encodeRevocation(notice, now())).then(catchUp, miss);
    underWay.add(sent);
    void sent.finally(() => underWay.delete(sent));
  }

  function catchUp(): void {
    if (!missed) return;
    missed = false;
    send(everything);
  }

  redis.on('ready', catchUp);
  return {
    publish: send,
    async close() {
      redis.off('ready', catchUp);
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
