/**
 * A TCP relay before Redis that can make its subscriptions fall silent while commands go on, or everything: connections
 * stay open and carry nothing, as when a firewall forgets them. A subscription is a connection that sent SUBSCRIBE.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Silenced = 'subscriptions' | 'everything';

export interface SubscriptionRelay {
  readonly port: number;
  /** Subscriptions that there are. */
  subscriptions(): number;
  /** Silences what there is, and what is made from now on. */
  silence(what: Silenced): void;
  /** Carries again for connections made from now on; what was silent is reset. */
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
