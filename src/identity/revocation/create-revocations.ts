/**
 * Revocation in one process: what was revoked (`tombstones`), whether it receives revocations (`connection`), and how to revoke. Without
 * Redis there are no other replicas to announce to or to receive from.
 */
import { randomUUID } from 'node:crypto';
import type { RedisLink } from '../../redis/redis-link.ts';
import { type Delivery, RevocationAnnouncer } from './revocation-announcer.ts';
import { RevocationConnection } from './revocation-connection.ts';
import type { OwnSource, RevocationEvents, RevocationNote, RevocationSource } from './revocation-events.ts';
import { replicasKey } from './revocation-keys.ts';
import { RevocationListener } from './revocation-listener.ts';
import { announceRevocation, followRevocations } from './revocation-scripts.ts';
import { type Issuers, ownerOf, type UserPrefixes } from './revoked-names.ts';
import { createSubscription, type Subscription } from './subscription.ts';
import { allowedSkewMs, type Revocation, Tombstones } from './tombstones.ts';

export interface RevocationsOptions {
  /** Null: no Redis. Its maker closes it, after `close` here. */
  readonly link: Pick<RedisLink, 'run' | 'script' | 'subscriber'> | null;
  readonly keyPrefix: string;
  /** `cache.whileDisconnected`. */
  readonly whileDisconnectedMs: number;
  /** See `tombstoneLifeMs`. */
  readonly tombstoneLifeMs: number;
  /** The same without tokens that the gateway verifies itself; if unset, the same. */
  readonly resultLifeMs?: number;
  /** If unset, every source is called. */
  readonly issuers?: Issuers;
  /** If unset: none. */
  readonly userPrefixes?: UserPrefixes;
  /** The other processes of this gateway; if unset: none. */
  readonly siblings?: Siblings;
  readonly events: RevocationEvents;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Siblings {
  /** Resolves when each of them has applied it or has ended; `undelivered`: unknown. Never rejects. */
  announce(revocation: Revocation): Promise<Delivery>;
}

export interface Revocations {
  readonly tombstones: Tombstones;
  readonly connection: RevocationConnection;
  /** Unique to this process. */
  readonly replicaId: string;
  /** For further channels, registered before the next turn of the event loop; null without Redis. */
  readonly subscription: Subscription | null;
  /**
   * It applies in this process when the call returns. Resolves with `delivered` when no connected gateway uses a verdict from before it,
   * and with `undelivered` if Redis did not accept it: then it is announced as soon as Redis does.
   */
  revoke(revocation: Revocation, source: OwnSource, note?: RevocationNote): Promise<Delivery>;
  /** From another process of this gateway, which announces it to all others. It applies here when the call returns. */
  receive(revocation: Revocation): void;
  /** There are no other processes and no other replicas. */
  readonly alone: boolean;
  /** Revocations that are not announced yet. */
  readonly undelivered: readonly Revocation[];
  /** Replaces `earlier` in the same process: its revocations apply here, and are announced from here. */
  takeOver(earlier: Pick<Revocations, 'tombstones' | 'undelivered'>): void;
  close(): Promise<void>;
}

export function createRevocations(options: RevocationsOptions): Revocations {
  const { link, keyPrefix, whileDisconnectedMs, tombstoneLifeMs, events, now, siblings = null } = options;
  const tombstones = new Tombstones({
    lifeMs: tombstoneLifeMs,
    ...(options.issuers === undefined ? {} : { issuers: options.issuers }),
    ...(options.userPrefixes === undefined ? {} : { userPrefixes: options.userPrefixes }),
  });
  const connection = new RevocationConnection({ whileDisconnectedMs, shared: link !== null });
  const replicaId = randomUUID();

  function apply(revocation: Revocation, source: RevocationSource, atMs: number | null = null, agoMs = 0): void {
    tombstones.add(agoMs > 0 ? asOf(revocation, now() - agoMs) : revocation, atMs ?? now());
    // A revocation as of the past is not new.
    if (atMs === null) events.revoked(source, revocation);
  }

  function revokeHere(revocation: Revocation, source: OwnSource, note?: RevocationNote): void {
    tombstones.add(revocation, now());
    events.revoked(source, revocation, note);
  }

  const receive = (revocation: Revocation) => apply(revocation, 'worker');

  if (link === null) {
    return {
      tombstones,
      connection,
      replicaId,
      subscription: null,
      undelivered: [],
      takeOver: (earlier) => tombstones.takeOver(earlier.tombstones),
      receive,
      alone: siblings === null,
      async revoke(revocation, source, note) {
        revokeHere(revocation, source, note);
        return (await siblings?.announce(ownedBy(revocation, options.issuers))) ?? 'delivered';
      },
      close: async () => {},
    };
  }

  const announcer = new RevocationAnnouncer({
    keyPrefix,
    replicaId,
    whileDisconnectedMs,
    announce: link.script(announceRevocation),
    events,
    now,
  });
  const listener = new RevocationListener({
    keyPrefix,
    replicaId,
    connection,
    follow: link.script(followRevocations),
    publish: (channel, message) => link.run((client) => client.publish(channel, message)),
    windowMs: { all: tombstoneLifeMs, called: options.resultLifeMs ?? tombstoneLifeMs },
    apply,
    acknowledged: (id, from) => announcer.acknowledgements.acknowledge(id, from),
    proven: () => void announcer.announceUndelivered(),
    events,
    now,
  });
  const subscription = createSubscription({
    subscriber: link.subscriber(),
    onSubscribed: () => listener.subscribed(),
    onDisconnected: () => listener.disconnected(),
  });
  listener.listen(subscription);
  return {
    tombstones,
    connection,
    replicaId,
    subscription,
    get undelivered() {
      return announcer.undelivered;
    },
    takeOver(earlier) {
      tombstones.takeOver(earlier.tombstones);
      announcer.takeOver(earlier.undelivered);
    },
    receive,
    alone: false,
    revoke(revocation, source, note) {
      revokeHere(revocation, source, note);
      const owned = ownedBy(revocation, options.issuers);
      const replicas = announcer.announce(owned);
      return siblings === null ? replicas : bothDelivered(replicas, siblings.announce(owned));
    },
    async close() {
      listener.close();
      connection.lost();
      announcer.acknowledgements.close();
      subscription.close();
      // Other gateways need not wait for one that has ended.
      await link.run((client) => client.zrem(replicasKey(keyPrefix), listener.name)).catch(() => {});
    },
  };
}

/** Other gateways, and this one in later configurations, may have other names for a source. */
function ownedBy(revocation: Revocation, issuers: Issuers = new Map()): Revocation {
  if (!('source' in revocation) || revocation.source === undefined) return revocation;
  return { ...revocation, source: ownerOf(revocation.source, issuers) };
}

async function bothDelivered(one: Promise<Delivery>, other: Promise<Delivery>): Promise<Delivery> {
  const deliveries = await Promise.all([one, other]);
  return deliveries.includes('undelivered') ? 'undelivered' : 'delivered';
}

/** A revocation announced at `atMs` and received later: tokens issued since then are valid. */
function asOf(revocation: Revocation, atMs: number): Revocation {
  if (revocation.kind !== 'user' || revocation.issuedBeforeMs !== undefined) return revocation;
  return { ...revocation, issuedBeforeMs: atMs + allowedSkewMs };
}
