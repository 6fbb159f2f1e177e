/** An exchange that may stay open: it waits on the deadline wheel, and once it is a stream its access is watched. */
import type { Allow, Decision } from '../core/decision.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { ClientAnswer, ClientRequest } from './client-side.ts';
import type { Deadline } from './deadline-wheel.ts';
import type { ExchangeHost, Origin } from './exchange.ts';
import type { ForwardingParts } from './forwarding-parts.ts';
import { HeldExchange } from './held-exchange.ts';
import { StreamWatch, type WatchedStream } from './stream-watch.ts';

export abstract class LastingExchange extends HeldExchange implements Deadline, WatchedStream {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;

  protected readonly shared: ForwardingParts;
  protected granted: Allow | null = null;
  protected watch: StreamWatch | null = null;
  /** Bytes of its answer that had to wait for the answers before it. */
  private behindBytes = 0;

  constructor(
    parts: ForwardingParts,
    entrypoint: ExchangeHost,
    from: Origin,
    req: ClientRequest,
    res: ClientAnswer,
    expectsContinue: boolean,
  ) {
    super(entrypoint, from, req, res, expectsContinue);
    this.shared = parts;
  }

  /** Who is charged for the memory that it takes up; null: nobody in particular, as a proxy names no client. */
  protected get payer(): string | null {
    return this.from.trusted && this.party === this.from.network ? null : this.party;
  }

  protected override waitBehind(bytes: number): ReasonCode | null {
    const full = this.shared.bodyMemory.take(bytes, this.payer);
    if (full === null) this.behindBytes += bytes;
    return full;
  }

  /** From here on it is a stream. */
  protected watchAccess(): void {
    const { streams, now } = this.shared;
    this.watch = new StreamWatch(this, this.granted!, performance.now() - this.decidedAt, streams, now);
    streams.add(this.watch);
    this.watch.begin();
  }

  decideAgain(): Decision | Promise<Decision> {
    return this.entrypoint.decideAgain(this);
  }

  mayBeRevoked(granted: Allow, grantedAtMs: number): boolean {
    return this.entrypoint.mayBeRevoked(this, granted, grantedAtMs);
  }

  abstract endAccess(reason: ReasonCode): void;
  abstract lookAt(at: number): void;
  abstract onDeadline(): void;

  override closed(): void {
    if (this.watch !== null) {
      this.watch.stop();
      this.shared.streams.delete(this.watch);
      this.watch = null;
    }
    if (!this.over) {
      this.shared.bodyMemory.give(this.behindBytes, this.payer);
      this.behindBytes = 0;
    }
    super.closed();
  }
}
