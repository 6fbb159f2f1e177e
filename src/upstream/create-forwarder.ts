/** What an entrypoint gets to forward with: one exchange per request, on the process's one deadline wheel. */
import type { Socket } from 'node:net';
import type { ServerConfig } from '../config/config.ts';
import { BodyMemory } from './body-memory.ts';
import type { ClientAnswer, ClientRequest } from './client-side.ts';
import type { Deadlines } from './deadline-wheel.ts';
import type { ExchangeHost, IncomingUpgrade, Origin } from './exchange.ts';
import { ForwardedExchange } from './forward-request.ts';
import { UpgradeExchange } from './forward-upgrade.ts';
import type { ForwardingParts } from './forwarding-parts.ts';
import { OpenStreams } from './open-streams.ts';
import type { RecheckOutcome } from './stream-watch.ts';

export interface Forwarder {
  /** Begins the record of a request; forwarding starts with its `forward`. */
  begin(
    entrypoint: ExchangeHost,
    from: Origin,
    req: ClientRequest,
    res: ClientAnswer,
    expectsContinue: boolean,
  ): ForwardedExchange;
  /** The same for a WebSocket upgrade; `head` holds bytes that came with the request. */
  beginUpgrade(
    entrypoint: ExchangeHost,
    from: Origin,
    req: IncomingUpgrade,
    socket: Socket,
    head: Buffer,
  ): UpgradeExchange;
  /** Something was revoked: open streams are looked at. */
  revoked(): void;
  /** For metrics. */
  readonly openStreams: number;
  readonly bufferedBytes: number;
  readonly rechecks: Readonly<Record<RecheckOutcome, number>>;
}

export interface ForwarderOptions {
  readonly deadlines: Deadlines;
  readonly limits: Pick<ServerConfig['limits'], 'bodyMemoryBytes' | 'bodyGraceMs' | 'unreadTimeoutMs'>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export function createForwarder({ deadlines, limits, now = Date.now }: ForwarderOptions): Forwarder {
  const streams = new OpenStreams(deadlines);
  const bodyMemory = new BodyMemory(limits.bodyMemoryBytes);
  const parts: ForwardingParts = {
    deadlines,
    now,
    streams,
    bodyMemory,
    bodyGraceMs: limits.bodyGraceMs,
    unreadMs: limits.unreadTimeoutMs,
  };
  return {
    begin: (entrypoint, from, req, res, expectsContinue) =>
      new ForwardedExchange(parts, entrypoint, from, req, res, expectsContinue),
    beginUpgrade: (entrypoint, from, req, socket, head) =>
      new UpgradeExchange(parts, entrypoint, from, req, socket, head),
    revoked: () => streams.revoked(),
    get openStreams() {
      return streams.size;
    },
    get bufferedBytes() {
      return bodyMemory.heldBytes;
    },
    rechecks: streams.rechecks,
  };
}
