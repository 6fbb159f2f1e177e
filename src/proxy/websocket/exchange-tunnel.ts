/** The tunnel that an exchange becomes after an upgrade: how it opens, how long it may be half-closed, and how it ends with its access. */
import type { Socket } from 'node:net';
import type { ForwardingRules } from '../../core/forwarding/forwarding-rules.ts';
import type { ReasonCode } from '../../core/outcome/reasons.ts';
import type { RequestContext } from '../../request-line/request-context.ts';
import type { Timeouts } from '../timeouts.ts';
import { farewellFor } from './close-frame.ts';
import { acceptsHandshake, handshakeHeaders } from './handshake.ts';
import { Tunnel } from './tunnel.ts';

/** After one side has ended, the other may stay open this long. */
const halfClosedMs = 30_000;
/** Time for both sides to read their Close frame. */
const farewellMs = 2_000;

/**
 * Opens the tunnel after a 101 of the service. Null: it does not match the handshake of this client. `take` returns the service's socket;
 * `early` are its bytes after the head.
 */
export function openTunnel(
  context: RequestContext,
  rules: ForwardingRules,
  timeouts: Timeouts,
  rawHeaders: readonly string[],
  early: Buffer,
  take: () => Socket,
): ExchangeTunnel | null {
  const { request, response } = context;
  if (!acceptsHandshake(request.rawHeaders, rawHeaders)) return null;
  const client = response.upgrade(handshakeHeaders(request.rawHeaders, rawHeaders, rules));
  context.respondedAt = performance.now();
  const tunnel = new Tunnel(client.socket, take(), client.early, early, {
    halfClosed() {
      if (context.reason === null) timeouts.allow(halfClosedMs);
    },
    closed(bytesIn, bytesOut) {
      context.bytesIn = bytesIn;
      context.bytesOut = bytesOut;
      context.end(true);
    },
  });
  timeouts.allow(Number.POSITIVE_INFINITY);
  return new ExchangeTunnel(context, timeouts, tunnel);
}

export class ExchangeTunnel {
  readonly #context: RequestContext;
  readonly #timeouts: Timeouts;
  readonly #tunnel: Tunnel;

  constructor(context: RequestContext, timeouts: Timeouts, tunnel: Tunnel) {
    this.#context = context;
    this.#timeouts = timeouts;
    this.#tunnel = tunnel;
  }

  /** Both sides get a Close frame: a tunnel does not outlive the access that opened it. */
  endAccess(reason: ReasonCode): void {
    if (this.#context.reason !== null) return;
    this.#context.reason = reason;
    this.#tunnel.end(farewellFor(reason));
    this.#timeouts.watchAccess(Number.POSITIVE_INFINITY);
    this.#timeouts.allow(farewellMs);
  }

  timedOut(): void {
    this.#tunnel.destroy();
  }
}
