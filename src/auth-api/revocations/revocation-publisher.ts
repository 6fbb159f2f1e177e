/**
 * Publishes revocations over Redis, and writes them to the log for gateways that are disconnected. No response waits for it. Failed
 * messages are not queued: once Redis accepts messages again, one message revokes every verdict.
 */
import type { RedisLink } from '../../redis/redis-link.ts';
import type { AuthApiLog, RevocationEvent } from '../events.ts';

export interface RevocationPublisher {
  /** Never throws. */
  publish(event: RevocationEvent): void;
  /** Waits for messages in progress, each for the time limit of a command. */
  close(): Promise<void>;
}

export interface RevocationPublisherOptions {
  readonly link: Pick<RedisLink, 'client' | 'run'>;
  readonly keyPrefix: string;
  readonly log: AuthApiLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const maxUnderWay = 1_000;
/** Approximate number of entries in the log: more than are written during a short disconnection. */
const logLength = 100_000;
const everything: RevocationNotice = { kind: 'all', id: null };

export function createRevocationPublisher(options: RevocationPublisherOptions): RevocationPublisher {
  const { link, log, now } = options;
  const channel = revocationChannel(options.keyPrefix);
  const logKey = revocationLogKey(options.keyPrefix);
  const underWay = new Set<Promise<void>>();
  let missed = false;

  function miss(): void {
    if (!missed) log.warn({}, 'a revocation could not be published; gateways receive it once Redis is back');
    missed = true;
  }

  function send(notice: RevocationNotice): void {
    if (underWay.size >= maxUnderWay) {
      miss();
      return;
    }
    const message = encodeRevocation(notice, now());
    // The log first: a gateway that subscribes in between finds it there.
    const logged = link.run((client) => client.xadd(logKey, 'MAXLEN', '~', logLength, '*', 'm', message));
    const sent: Promise<void> = Promise.all([logged, link.run((client) => client.publish(channel, message))]).then(
      catchUp,
      miss,
    );
    underWay.add(sent);
    void sent.finally(() => underWay.delete(sent));
  }

  function catchUp(): void {
    if (!missed) return;
    missed = false;
    send(everything);
  }

  link.client.on('ready', catchUp);
  return {
    publish: send,
    async close() {
      link.client.off('ready', catchUp);
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/** Increased with every change that a reader of the old form would misunderstand. */
const version = 1;

/** Every verdict: some message before this one may not have arrived. */
type RevocationNotice = RevocationEvent | { readonly kind: 'all'; readonly id: null };

/** `atMs`: when the change was made, in milliseconds since the epoch on the clock of the Auth API. */
function encodeRevocation({ kind, id }: RevocationNotice, atMs: number): string {
  return JSON.stringify({ v: version, kind, id, atMs });
}

function revocationChannel(keyPrefix: string): string {
  return `${keyPrefix}revocations`;
}

/** A stream of the last messages, each in the field `m`. The hash tag keeps it on the node of the gateways' keys. */
function revocationLogKey(keyPrefix: string): string {
  return `${keyPrefix}{revocations}:log`;
}
