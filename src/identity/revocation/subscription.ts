/**
 * The one connection on which this process receives messages. It never resubscribes silently: messages may have been missed, so its user is
 * notified.
 */
import type { RedisSubscriber } from '../../redis/redis-link.ts';

export interface Subscription {
  /** Listens to a channel from the next subscription on; must be called before the first one. */
  on(channel: string, listener: (message: Buffer) => void): void;
  /** Drops a connection on which nothing arrives, and opens another one. */
  reconnect(): void;
  close(): void;
}

export interface SubscriptionOptions {
  readonly subscriber: RedisSubscriber;
  /** Every channel is subscribed to from now on; earlier messages were missed. */
  readonly onSubscribed: () => void;
  /** The connection is gone. */
  readonly onDisconnected: () => void;
}

export function createSubscription({ subscriber, onSubscribed, onDisconnected }: SubscriptionOptions): Subscription {
  const { connection } = subscriber;
  const listeners = new Map<string, (message: Buffer) => void>();
  let generation = 0;
  let subscribed = false;
  let closed = false;

  function lose(): void {
    generation += 1;
    if (subscribed && !closed) onDisconnected();
    subscribed = false;
  }

  async function subscribe(): Promise<void> {
    lose();
    const mine = generation;
    try {
      await connection.subscribe(...listeners.keys());
    } catch (error) {
      if (mine === generation && !closed) subscriber.failed(error);
      // A connection without its subscriptions is useless: the next one tries again.
      if (mine === generation && !closed) connection.disconnect(true);
      return;
    }
    if (mine !== generation || closed) return;
    subscribed = true;
    onSubscribed();
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
