/**
 * Revocation in one process: what was revoked (`tombstones`), whether it would hear of more (`hearing`), and the way to
 * revoke. Without Redis nobody else has to be told, and there is nobody to hear.
 */
import { randomUUID } from 'node:crypto';
import type { RedisLink } from '../../redis/redis-link.ts';
import { Hearing } from './hearing.ts';
import type { OwnSource, RevocationEvents, RevocationSource } from './revocation-events.ts';
import { replicasKey } from './revocation-keys.ts';
import { RevocationListener } from './revocation-listener.ts';
import { hearRevocations, tellRevocation } from './revocation-scripts.ts';
import { createSubscription, type Subscription } from './subscription.ts';
import { type Telling, ToldReplicas } from './told-replicas.ts';
import { type Revocation, Tombstones } from './tombstones.ts';

export interface RevocationsOptions {
  /** Null: no Redis. Whoever made it closes it, after `close` here. */
  readonly link: Pick<RedisLink, 'run' | 'script' | 'subscriber'> | null;
  readonly keyPrefix: string;
  /** `cache.unhearing`. */
  readonly unhearingMs: number;
  /** See `tombstoneLifeMs`. */
  readonly tombstoneLifeMs: number;
  /** The other processes of this gateway; left out: there are none. */
  readonly siblings?: Siblings;
  readonly events: RevocationEvents;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Siblings {
  /** Resolves when each of them has done it, or is gone; `untold`: that cannot be said. Never rejects. */
  tell(revocation: Revocation): Promise<Telling>;
}

export interface Revocations {
  readonly tombstones: Tombstones;
  readonly hearing: Hearing;
  /** Of this process, unlike any other. */
  readonly replicaId: string;
  /** For further channels, registered before the next turn of the event loop; null without Redis. */
  readonly subscription: Subscription | null;
  /**
   * Holds in this process when it returns. Resolves with `told` when no gateway that is connected lets anybody in by a
   * verdict from before, and with `untold` when Redis did not take it: then the others are told as soon as it does.
   */
  revoke(revocation: Revocation, source: OwnSource): Promise<Telling>;
  /** Said by another process of this gateway, which tells all others: holds here when it returns. */
  receive(revocation: Revocation): void;
  /** Nobody else has to be told. */
  readonly alone: boolean;
  /** What the others could not be told yet. */
  readonly untold: readonly Revocation[];
  /** Takes the place of `earlier`, in the same process: what was revoked there holds here, and is told from here. */
  takeOver(earlier: Pick<Revocations, 'tombstones' | 'untold'>): void;
  close(): Promise<void>;
}

export function createRevocations(options: RevocationsOptions): Revocations {
  const { link, keyPrefix, unhearingMs, tombstoneLifeMs, events, now, siblings = null } = options;
  const tombstones = new Tombstones({ lifeMs: tombstoneLifeMs });
  const hearing = new Hearing({ unhearingMs, shared: link !== null });
  const replicaId = randomUUID();

  function apply(revocation: Revocation, source: RevocationSource, atMs: number | null = null): void {
    tombstones.add(revocation, atMs ?? now());
    // Of what lies in the past nobody said anything.
    if (atMs === null) events.revoked(source, revocation);
  }

  const receive = (revocation: Revocation) => apply(revocation, 'worker');

  if (link === null) {
    return {
      tombstones,
      hearing,
      replicaId,
      subscription: null,
      untold: [],
      takeOver: (earlier) => tombstones.takeOver(earlier.tombstones),
      receive,
      alone: siblings === null,
      async revoke(revocation, source) {
        apply(revocation, source);
        return (await siblings?.tell(revocation)) ?? 'told';
      },
      close: async () => {},
    };
  }

  const told = new ToldReplicas({ keyPrefix, replicaId, tell: link.script(tellRevocation), events, now });
  const listener = new RevocationListener({
    keyPrefix,
    replicaId,
    hearing,
    hear: link.script(hearRevocations),
    publish: (channel, message) => link.run((client) => client.publish(channel, message)),
    windowMs: tombstoneLifeMs,
    apply,
    acknowledged: (id, from) => told.acknowledgements.acknowledge(id, from),
    proven: () => void told.retell(),
    events,
    now,
  });
  const subscription = createSubscription({
    subscriber: link.subscriber(),
    onHeard: () => listener.subscribed(),
    onLost: () => listener.lost(),
  });
  listener.listen(subscription);
  return {
    tombstones,
    hearing,
    replicaId,
    subscription,
    get untold() {
      return told.untold;
    },
    takeOver(earlier) {
      tombstones.takeOver(earlier.tombstones);
      told.takeOver(earlier.untold);
    },
    receive,
    alone: false,
    revoke(revocation, source) {
      apply(revocation, source);
      const replicas = told.tell(revocation);
      return siblings === null ? replicas : bothTold(replicas, siblings.tell(revocation));
    },
    async close() {
      listener.close();
      hearing.lost();
      told.acknowledgements.close();
      subscription.close();
      // Nobody has to wait for a gateway that has gone.
      await link.run((client) => client.zrem(replicasKey(keyPrefix), listener.name)).catch(() => {});
    },
  };
}

async function bothTold(one: Promise<Telling>, other: Promise<Telling>): Promise<Telling> {
  const tellings = await Promise.all([one, other]);
  return tellings.includes('untold') ? 'untold' : 'told';
}
