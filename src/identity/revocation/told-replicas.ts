/**
 * Tells the other gateways, and waits until they have done it. What could not be told is kept, within a bound, until
 * Redis takes it: whoever told us may have no second chance to.
 */
import { randomUUID } from 'node:crypto';
import type { RunScript } from '../../redis/redis-link.ts';
import { Acknowledgements, type Present, readPresent } from './acknowledgements.ts';
import type { RevocationEvents } from './revocation-events.ts';
import { gatewaysChannel, logKey, replicasKey } from './revocation-keys.ts';
import { encodeMessage } from './revocation-message.ts';
import type { Revocation } from './tombstones.ts';

/** `told`: no gateway that is connected lets anybody in by a verdict from before. */
export type Telling = 'told' | 'untold';

export interface ToldReplicasOptions {
  readonly keyPrefix: string;
  readonly replicaId: string;
  readonly tell: RunScript;
  readonly events: RevocationEvents;
  readonly now: () => number;
}

/** Entries that the log keeps, about. */
const logLength = 10_000;
/** A gateway that was not heard of for this long is not connected: it has long stopped to believe what it has. */
const presentMs = 12_000;
const maxUnderWay = 1_000;
const maxUntold = 1_000;

export class ToldReplicas {
  readonly acknowledgements = new Acknowledgements();
  readonly #options: ToldReplicasOptions;
  #untold: Revocation[] = [];
  #retelling = false;

  constructor(options: ToldReplicasOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async tell(revocation: Revocation): Promise<Telling> {
    const telling = await this.#send(revocation);
    if (telling === 'untold') {
      this.#keep(revocation);
      this.#options.events.untold();
    }
    return telling;
  }

  /** What is still to be told. */
  get untold(): readonly Revocation[] {
    return this.#untold;
  }

  /** Is told with the next `retell`. */
  takeOver(untold: readonly Revocation[]): void {
    for (const revocation of untold) this.#keep(revocation);
  }

  /** To be called when Redis takes commands again. Stops at the first that it does not take. */
  async retell(): Promise<void> {
    if (this.#retelling) return;
    this.#retelling = true;
    while (this.#untold.length > 0) {
      const [next, ...rest] = this.#untold;
      this.#untold = rest;
      if ((await this.#send(next!)) === 'told') continue;
      this.#keep(next!);
      break;
    }
    this.#retelling = false;
  }

  async #send(revocation: Revocation): Promise<Telling> {
    const { keyPrefix, replicaId, tell, events, now } = this.#options;
    if (this.acknowledgements.size >= maxUnderWay) return 'untold';
    const id = randomUUID();
    const message = encodeMessage({ revocation, sender: { id, from: replicaId } }, now());
    this.acknowledgements.expect(id);
    const keys = [logKey(keyPrefix), replicasKey(keyPrefix)];
    const once = () => tell(keys, [message, gatewaysChannel(keyPrefix), logLength, presentMs]);
    // Told twice it is the same: a deadline that passed on a busy moment is no reason to give up.
    const names = await once()
      .catch(once)
      .catch(() => null);
    if (names === null) {
      this.acknowledgements.forget(id);
      return 'untold';
    }
    const silent = await this.acknowledgements.all(id, presentAmong(names, replicaId));
    if (silent.length > 0) events.unacknowledged(silent.length);
    return 'told';
  }

  #keep(revocation: Revocation): void {
    this.#untold.push(revocation);
    if (this.#untold.length > maxUntold) this.#untold = [{ kind: 'all' }];
  }
}

function presentAmong(names: unknown, self: string): readonly Present[] {
  if (!Array.isArray(names)) return [];
  const found = names.map((name) => (Buffer.isBuffer(name) ? readPresent(name.toString('latin1')) : null));
  return found.filter((one): one is Present => one !== null && one.replicaId !== self);
}
