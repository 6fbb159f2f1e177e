/**
 * A TCP relay in front of Redis that can silence subscriptions while commands continue, or everything: connections stay
 * open and carry nothing, as when a firewall drops them. A subscription is a connection that sent SUBSCRIBE.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Silenced = 'subscriptions' | 'everything';

export interface SubscriptionRelay {
  readonly port: number;
  /** Existing subscriptions. */
  subscriptions(): number;
  /** Silences existing connections, and new ones. */
  silence(what: Silenced): void;
  /** Carries new connections again; silenced ones are reset. */
  mend(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly onward: Socket;
  subscribes: boolean;
  silent: boolean;
}

export async function startSubscriptionRelay(redisUrl: string): Promise<SubscriptionRelay> {
  const { hostname, port } = new URL(redisUrl);
  const pairs = new Set<Pair>();
  let silencing: Silenced | null = null;
  const concerned = ({ subscribes }: Pair) => silencing === 'everything' || (silencing !== null && subscribes);
  const server = createServer({ noDelay: true }, (client) => {
    const onward = connect({ host: hostname, port: Number(port), noDelay: true });
    const pair: Pair = { client, onward, subscribes: false, silent: false };
    pairs.add(pair);
    client.on('data', (chunk: Buffer) => {
      pair.subscribes ||= /\r\n[ps]{0,2}subscribe\r\n/i.test(chunk.toString('latin1'));
      pair.silent ||= concerned(pair);
      if (!pair.silent) onward.write(chunk);
    });
    onward.on('data', (chunk: Buffer) => {
      if (!pair.silent) client.write(chunk);
    });
    for (const socket of [client, onward]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        pairs.delete(pair);
        client.destroy();
        onward.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    subscriptions: () => [...pairs].filter(({ subscribes }) => subscribes).length,
    silence(what) {
      silencing = what;
      for (const pair of pairs) pair.silent ||= concerned(pair);
    },
    mend() {
      silencing = null;
      for (const { silent, client } of pairs) if (silent) client.resetAndDestroy();
    },
    async close() {
      for (const { client } of pairs) client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
