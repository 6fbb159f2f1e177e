/** A TCP relay on loopback whose connection to the target can be cut, frozen and restored. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface BreakableRelay {
  readonly port: number;
  /** Resets existing connections, and new ones from now on. */
  cut(): void;
  /** Keeps connections open but carries nothing; new ones are accepted and receive nothing. */
  freeze(): void;
  /** Carries new connections again; frozen ones stay dead. */
  mend(): void;
  close(): Promise<void>;
}

export async function startBreakableRelay(target: { host: string; port: number }): Promise<BreakableRelay> {
  let state: 'whole' | 'cut' | 'frozen' = 'whole';
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    track(client);
    if (state === 'cut') client.resetAndDestroy();
    if (state !== 'whole') return;
    const onward = track(connect(target));
    client.pipe(onward).pipe(client);
    client.on('close', () => onward.destroy());
    onward.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = 'cut';
      for (const socket of sockets) socket.resetAndDestroy();
    },
    freeze() {
      state = 'frozen';
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend() {
      state = 'whole';
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
