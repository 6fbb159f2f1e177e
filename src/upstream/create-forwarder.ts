/** What an entrypoint gets to forward with: one exchange per request, on the process's one deadline wheel. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Deadlines } from './deadline-wheel.ts';
import type { ExchangeHost, Origin } from './exchange.ts';
import { ForwardedExchange } from './forward-request.ts';
import { UpgradeExchange } from './forward-upgrade.ts';

export interface Forwarder {
  /** Begins the record of a request; forwarding starts with its `forward`. */
  begin(
    entrypoint: ExchangeHost,
    from: Origin,
    req: IncomingMessage,
    res: ServerResponse,
    expectsContinue: boolean,
  ): ForwardedExchange;
  /** The same for a WebSocket upgrade; `head` holds bytes that came with the request. */
  beginUpgrade(
    entrypoint: ExchangeHost,
    from: Origin,
    req: IncomingMessage,
    socket: Socket,
    head: Buffer,
  ): UpgradeExchange;
}

/** `now`: milliseconds since the epoch. */
export function createForwarder(deadlines: Deadlines, now: () => number = Date.now): Forwarder {
  return {
    begin: (entrypoint, from, req, res, expectsContinue) =>
      new ForwardedExchange(deadlines, entrypoint, from, req, res, expectsContinue),
    beginUpgrade: (entrypoint, from, req, socket, head) =>
      new UpgradeExchange(deadlines, now, entrypoint, from, req, socket, head),
  };
}
