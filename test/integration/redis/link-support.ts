/** Shared helpers for tests of links to Redis. */
import type { RedisSubscriber } from '../../../src/redis/redis-link.ts';

/** For `vi.waitFor`: connections are retried with pauses of up to two seconds, and a busy machine is slow. */
export const patience = { timeout: 25_000, interval: 25 };

/** A running clock: look-ups of another replica count only some seconds after this one connected. */
export const clock = {
  get nowMs() {
    return Date.now();
  },
};

export interface Heard {
  readonly messages: string[];
  /** How often the subscription was made. */
  readonly subscribed: number;
}

/** Subscribes whenever the subscriber is ready, and drops a connection on which it cannot, as its users must. */
export function listening({ connection }: RedisSubscriber, channel: string): Heard {
  const messages: string[] = [];
  let subscribed = 0;
  const subscribe = () => {
    connection.subscribe(channel).then(
      () => {
        subscribed += 1;
      },
      () => connection.disconnect(true),
    );
  };
  connection.on('ready', subscribe);
  connection.on('message', (_channel, message) => messages.push(message));
  return {
    messages,
    get subscribed() {
      return subscribed;
    },
  };
}
