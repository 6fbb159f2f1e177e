/**
 * Keys that the gateway generates and rotates. With Redis all replicas share one ring: one of them creates a key, the others adopt it
 * before it signs. A known ring stays in use while Redis is down; a key that could not be shared is not used.
 */
import type { PrivateJwk, RingKey, Rotation } from './key-ring.ts';
import { joinRings, nextKeyFromMs, signingKey } from './key-ring.ts';
import type { SharedRing } from './shared-ring.ts';
import { loadJose, type PublishedKeys, publish, type ReadyKey, readyKey, type SigningKeys } from './signing-keys.ts';

export interface KeyEvents {
  /** A key was created here, or adopted from another replica. */
  key(kid: string, isNew: boolean, signsFromMs: number): void;
  /** Whether replicas share their keys now; called when that changes. */
  shared(isShared: boolean): void;
  /** The keys exist only in this process. */
  alone(): void;
}

export interface RotatingKeysOptions {
  readonly rotation: Rotation;
  /** Null: the keys exist only in this process. */
  readonly ring: SharedRing | null;
  /** Keys of an earlier configuration, which services know. */
  readonly known: readonly RingKey[];
  readonly events: KeyEvents;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Closes the resources of the ring. */
  readonly onClose?: () => void;
}

/** Other replicas have seen a new key after this time, long before it signs. */
const syncEveryMs = 15_000;
/** A request waits for the first key at most this long. */
const firstKeyMs = 2_000;
/** Maximum retries after faster writers. */
const maxRounds = 8;

export class RotatingKeys implements SigningKeys {
  readonly #rotation: Rotation;
  readonly #ring: SharedRing | null;
  readonly #events: KeyEvents;
  readonly #now: () => number;
  readonly #onClose: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #first = Promise.withResolvers<void>();
  #keys: readonly RingKey[];
  #ready: readonly ReadyKey[] = [];
  #published: PublishedKeys | null = null;
  #syncing: Promise<void> | null = null;
  #shared = true;
  #closed = false;

  constructor({ rotation, ring, known, events, now, onClose = () => {} }: RotatingKeysOptions) {
    this.#rotation = rotation;
    this.#ring = ring;
    this.#keys = known;
    this.#events = events;
    this.#now = now;
    this.#onClose = onClose;
    this.#timer = setInterval(() => void this.sync(), syncEveryMs).unref();
    if (ring === null) events.alone();
    void this.sync();
  }

  /** For the keys of a later configuration. */
  get ringKeys(): readonly RingKey[] {
    return this.#keys;
  }

  current(nowMs: number): ReadyKey | null {
    return signingKey(this.#ready, nowMs);
  }

  async awaited(nowMs: number): Promise<ReadyKey | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((over) => {
      timer = setTimeout(over, firstKeyMs);
    });
    await Promise.race([this.#first.promise, late]);
    clearTimeout(timer);
    return this.current(nowMs);
  }

  published(): PublishedKeys | null {
    return this.#published;
  }

  sync(): Promise<void> {
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = null;
    });
    return this.#syncing;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#first.resolve();
    this.#onClose();
  }

  async #sync(): Promise<void> {
    try {
      for (let round = 0; round < maxRounds && !this.#closed; round += 1) if (await this.#settle()) break;
      this.#tellShared(true);
    } catch {
      // Known keys stay in use; a due key is created once Redis is connected.
      this.#tellShared(false);
      await this.#adopt(joinRings(this.#keys, [], this.#now(), this.#rotation.overlapMs));
    }
  }

  /** False: another replica has written meanwhile. */
  async #settle(): Promise<boolean> {
    const { overlapMs } = this.#rotation;
    const ring = (await this.#ring?.read()) ?? null;
    const nowMs = this.#now();
    const known = joinRings(this.#keys, ring?.keys ?? [], nowMs, overlapMs);
    const startMs = nextKeyFromMs(known, nowMs, this.#rotation);
    const newKey = startMs === null ? null : await this.#make(startMs);
    const wanted = newKey === null ? known : joinRings(known, [newKey], nowMs, overlapMs);
    const upToDate = ring?.current === true && sameKeys(ring.keys, wanted);
    if (ring !== null && !upToDate && !(await this.#ring!.replace(ring, wanted))) return false;
    await this.#adopt(wanted, newKey);
    return true;
  }

  async #make(signsFromMs: number): Promise<RingKey> {
    const { calculateJwkThumbprint, exportJWK, generateKeyPair } = await loadJose();
    const { algorithm } = this.#rotation;
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const { kty, crv, x, y, d } = await exportJWK(privateKey);
    const jwk = { kty, crv, x, ...(y === undefined ? {} : { y }), d } as PrivateJwk;
    return { kid: await calculateJwkThumbprint(jwk), algorithm, jwk, signsFromMs };
  }

  async #adopt(keys: readonly RingKey[], newKey: RingKey | null = null): Promise<void> {
    const before = new Map(this.#ready.map((key) => [key.kid, key]));
    const ready = await Promise.all(
      keys.map(
        async ({ algorithm, jwk, kid, signsFromMs }) =>
          before.get(kid) ?? (await readyKey(algorithm, jwk, kid, signsFromMs)),
      ),
    );
    this.#keys = keys;
    this.#ready = ready;
    this.#published = publish(ready);
    for (const { kid, signsFromMs } of ready) {
      if (!before.has(kid)) this.#events.key(kid, kid === newKey?.kid, signsFromMs);
    }
    if (ready.length > 0) this.#first.resolve();
  }

  #tellShared(isShared: boolean): void {
    if (this.#ring === null || isShared === this.#shared) return;
    this.#shared = isShared;
    this.#events.shared(isShared);
  }
}

function sameKeys(one: readonly RingKey[], other: readonly RingKey[]): boolean {
  return one.length === other.length && one.every(({ kid }, index) => kid === other[index]?.kid);
}
