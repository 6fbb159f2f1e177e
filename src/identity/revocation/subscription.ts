/**
 * The one connection on which this process hears channels. It never subscribes again silently: whoever was away may have
 * missed something, and is told so.
 */
import type { RedisSubscriber } from '../../redis/redis-link.ts';

export interface Subscription {
  /** Hears a channel, from the next subscription on: to be called before the first one. */
  on(channel: string, listener: (message: Buffer) => void): void;
  /** Gives up a connection on which nothing comes, and makes another one. */
  reconnect(): void;
  close(): void;
}

export interface SubscriptionOptions {
  readonly subscriber: RedisSubscriber;
  /** Every channel is heard from now on; what was said before was missed. */
  readonly onHeard: () => void;
  /** The connection is gone. */
  readonly onLost: () => void;
}

export function createSubscription({ subscriber, onHeard, onLost }: SubscriptionOptions): Subscription {
  const { connection } = subscriber;
  const listeners = new Map<string, (message: Buffer) => void>();
  let generation = 0;
  let heard = false;
  let closed = false;

  function lose(): void {
    generation += 1;
    if (heard && !closed) onLost();
    heard = false;
  }

  async function subscribe(): Promise<void> {
    lose();
    const mine = generation;
    try {
      await connection.subscribe(...listeners.keys());
    } catch {
      // A connection on which nothing can be heard is of no use: with the next one it is tried again.
      if (mine === generation && !closed) connection.disconnect(true);
      return;
    }
    if (mine !== generation || closed) return;
    heard = true;
    onHeard();
  }

  const ready = () => void subscribe();
  const message = (channel: Buffer, bytes: Buffer) => listeners.get(channel.toString('latin1'))?.(bytes);
  connection.on('ready', ready);
  connection.on('close', lose);
  connection.on('messageBuffer', message);
  if (connection.status === 'ready') queueMicrotask(ready);
  return {
    on(channel, listener) {
      listeners.set(channel, listener);
    },
    reconnect: () => connection.disconnect(true),
    close() {
      closed = true;
      listeners.clear();
      subscriber.close();
    },
  };
}
