/**
 * Announces revocations to the other gateways, and waits until they have applied them. Failed announcements are kept, within a bound, until
 * Redis accepts them: the sender may not be able to repeat them.
 */
import { randomUUID } from 'node:crypto';
import type { RunScript } from '../../redis/redis-link.ts';
import { Acknowledgements, lostReplicaId, type Present, presentName, readPresent } from './acknowledgements.ts';
import type { RevocationEvents } from './revocation-events.ts';
import { gatewaysChannel, logKey, replicasKey, resultsLogKey } from './revocation-keys.ts';
import { encodeMessage } from './revocation-message.ts';
import { concernsCalled } from './revoked-names.ts';
import type { Revocation } from './tombstones.ts';

/** `delivered`: no connected gateway uses a verdict from before it. */
export type Delivery = 'delivered' | 'undelivered';

export interface RevocationAnnouncerOptions {
  readonly keyPrefix: string;
  readonly replicaId: string;
  readonly whileDisconnectedMs: number;
  readonly announce: RunScript;
  readonly events: RevocationEvents;
  readonly now: () => number;
}

/** Approximate number of entries in each log. */
const logLength = 100_000;
const maxUnderWay = 1_000;
const maxUndelivered = 1_000;

export class RevocationAnnouncer {
  readonly acknowledgements = new Acknowledgements();
  readonly #options: RevocationAnnouncerOptions;
  #undelivered: Revocation[] = [];
  #announcing = false;

  constructor(options: RevocationAnnouncerOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async announce(revocation: Revocation): Promise<Delivery> {
    const delivery = await this.#send(revocation);
    if (delivery === 'undelivered') {
      this.#keep(revocation);
      this.#options.events.undelivered();
    }
    return delivery;
  }

  /** Revocations that are still to be announced. */
  get undelivered(): readonly Revocation[] {
    return this.#undelivered;
  }

  /** Announced with the next `announceUndelivered`. */
  takeOver(undelivered: readonly Revocation[]): void {
    for (const revocation of undelivered) this.#keep(revocation);
  }

  /** Must be called when Redis accepts commands again. Stops at the first one that it does not accept. */
  async announceUndelivered(): Promise<void> {
    if (this.#announcing) return;
    this.#announcing = true;
    while (this.#undelivered.length > 0) {
      const [next, ...rest] = this.#undelivered;
      this.#undelivered = rest;
      if ((await this.#send(next!)) === 'delivered') continue;
      this.#keep(next!);
      break;
    }
    this.#announcing = false;
  }

  async #send(revocation: Revocation): Promise<Delivery> {
    const { keyPrefix, replicaId, announce, events, now } = this.#options;
    if (this.acknowledgements.size >= maxUnderWay) return 'undelivered';
    const id = randomUUID();
    const message = encodeMessage({ revocation, sender: { id, from: replicaId } }, now());
    this.acknowledgements.expect(id);
    const log = concernsCalled(revocation) ? resultsLogKey(keyPrefix) : logKey(keyPrefix);
    const keys = [replicasKey(keyPrefix), log];
    const once = () => announce(keys, [message, gatewaysChannel(keyPrefix), logLength, presentName(this.#options)]);
    // Announcing twice has the same effect, so one missed deadline under load is retried.
    const names = await once()
      .catch(once)
      .catch(() => null);
    if (names === null) {
      this.acknowledgements.forget(id);
      return 'undelivered';
    }
    const silent = await this.acknowledgements.all(id, presentAmong(names, replicaId));
    const unacknowledged = silent.filter((one) => one.replicaId !== lostReplicaId).length;
    if (unacknowledged > 0) events.unacknowledged(unacknowledged);
    return 'delivered';
  }

  #keep(revocation: Revocation): void {
    this.#undelivered.push(revocation);
    if (this.#undelivered.length <= maxUndelivered) return;
    // Clients may cause many that concern only sources that are called: these must not end everybody's tokens.
    const others = this.#undelivered.filter((one) => !concernsCalled(one));
    this.#undelivered = others.length < maxUndelivered ? [...others, { kind: 'all', of: 'called' }] : [{ kind: 'all' }];
  }
}

function presentAmong(names: unknown, self: string): readonly Present[] {
  if (!Array.isArray(names)) return [];
  const replicas = names.map((name) => (Buffer.isBuffer(name) ? readPresent(name.toString('latin1')) : null));
  return replicas.filter((one): one is Present => one !== null && one.replicaId !== self);
}
