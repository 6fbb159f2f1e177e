/** Time of a decision whose identity is in Redis, against that of a bare GET of as many bytes. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { newBearers, startDeciding, viewOf } from './deciding.ts';
import { type Figure, figure } from './report.ts';

const batch = 500;
/** As an entry has. */
const entryBytes = 220;
const aimUs = 30;

export async function measureRedisHit(authApi: string, url: string, pairsWanted: number): Promise<Figure[]> {
  const client = new Redis(url);
  await client.set('bench:bare', Buffer.alloc(entryBytes, 'x'));
  const bare = await rawClient(url);
  const throughClient: [number, number][] = [];
  const throughSocket: [number, number][] = [];
  // Another process would have filled Redis; here it is a second cache, whose memory this one does not see.
  const [filling, reading] = [startDeciding(authApi, url), startDeciding(authApi, url)];
  for (let done = -4 * batch; done < pairsWanted; done += batch) {
    const bearers = newBearers(batch);
    await Promise.all(bearers.map((bearer) => filling.decide(viewOf('/private/orders/7', bearer))));
    for (const bearer of bearers) {
      const view = viewOf('/private/orders/7', bearer);
      const own = await timed(async () => {
        const decision = await reading.decide(view);
        if (decision.outcome !== 'allow') throw new Error(`refused: ${decision.reason}`);
      });
      const other = await timed(() => client.getBuffer('bench:bare'));
      const least = await timed(bare.get);
      if (done < 0) continue;
      throughClient.push([own, other]);
      throughSocket.push([own, least]);
    }
  }
  for (const { resolver, upstreams } of [filling, reading]) {
    await resolver.close();
    await upstreams.close();
  }
  client.disconnect();
  bare.socket.destroy();
  return [
    figure('hit in Redis, time', 'GET through the client library', throughClient, aimUs),
    figure('hit in Redis, time', 'GET on a bare socket', throughSocket, null),
  ];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) * 1000;
}

/** One GET at a time on a socket, with no client library in between. */
async function rawClient(url: string): Promise<{ readonly socket: Socket; get(): Promise<unknown> }> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  const command = Buffer.from('*2\r\n$3\r\nGET\r\n$10\r\nbench:bare\r\n');
  return {
    socket,
    get: () =>
      new Promise((resolve) => {
        socket.once('data', resolve);
        socket.write(command);
      }),
  };
}
