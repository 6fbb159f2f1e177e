/** Joins two sockets after an upgrade: bytes, ends and failures of one side reach the other. */
import type { Socket } from 'node:net';
import { resetSocket } from './reset-socket.ts';

export interface Tunnel {
  /** Breaks both sides. */
  destroy(): void;
}

export interface TunnelEvents {
  /** One side has said that it sends no more. */
  halfClosed(): void;
  /** Both sides are gone. */
  closed(): void;
}

/** `clientHead` and `upstreamHead` are bytes that were read together with the handshake. */
export function joinTunnel(
  client: Socket,
  upstream: Socket,
  clientHead: Buffer,
  upstreamHead: Buffer,
  events: TunnelEvents,
): Tunnel {
  let open = 2;
  const destroy = () => {
    client.destroy();
    upstream.destroy();
  };
  for (const [side, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    // A failure is passed on as one; an end would look like the other side's intention.
    side.on('error', () => resetSocket(other));
    side.once('end', () => events.halfClosed());
    side.once('close', () => {
      open -= 1;
      // After a proper end the other side may still be sending what it had; after anything else there is nothing to save.
      if (!side.readableEnded) resetSocket(other);
      else if (!other.writableEnded) other.end();
      if (open === 0) events.closed();
    });
  }
  if (upstreamHead.length > 0) client.write(upstreamHead);
  if (clientHead.length > 0) upstream.write(clientHead);
  // `pipe` holds the faster side back, and passes an end on as an end.
  client.pipe(upstream);
  upstream.pipe(client);
  return { destroy };
}
