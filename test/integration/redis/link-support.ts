/** What the tests of links to Redis share. */
import type { RedisSubscriber } from '../../../src/redis/redis-link.ts';

/** For `vi.waitFor`: connections are made again with pauses of up to two seconds, and a busy machine takes its time. */
export const patience = { timeout: 25_000, interval: 25 };

/** A clock that runs: what another replica asked for counts only some seconds after this one began to hear. */
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

/** Subscribes whenever the subscriber is ready, as its users have to. */
export function listening({ connection }: RedisSubscriber, channel: string): Heard {
  const messages: string[] = [];
  let subscribed = 0;
  const subscribe = () => {
    connection.subscribe(channel).then(
      () => {
        subscribed += 1;
      },
      () => {},
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
