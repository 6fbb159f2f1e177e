/**
 * Messages that were already received, so that the log does not apply them again; and whether a publisher announces without writing to the
 * log. Announcements of such a publisher during a disconnection are lost.
 */

const maxSeen = 4_096;
/** Number of log readings within which a message must appear there: it may be delayed. */
const patience = 4;

interface Announced {
  readonly times: number;
  readonly since: number;
}

export class SeenMessages {
  readonly #sent = new Set<string>();
  /** Announced, but not found in the log yet: how often, and since which reading. */
  readonly #unlogged = new Map<string, Announced>();
  /** Found in the log, but not announced yet, with the count: the two arrive on separate connections. */
  readonly #unannounced = new Map<string, number>();
  #readings = 0;
  #logged = true;

  /** Whether every announcement so far is in the log too. */
  get logged(): boolean {
    return this.#logged;
  }

  /** By its sender's unique id. */
  sent(id: string): void {
    this.#sent.add(id);
    trim(this.#sent);
  }

  /** By its text: two messages may be equal. */
  announced(text: string): void {
    const count = this.#unannounced.get(text) ?? 0;
    if (count > 1) this.#unannounced.set(text, count - 1);
    else this.#unannounced.delete(text);
    if (count > 0) return;
    const waiting = this.#unlogged.get(text);
    if (waiting !== undefined) this.#unlogged.set(text, { ...waiting, times: waiting.times + 1 });
    else if (this.#unlogged.size < maxSeen) this.#unlogged.set(text, { times: 1, since: this.#readings });
  }

  /** An entry of the log that names its sender. False: it was seen already. */
  readSent(id: string): boolean {
    if (this.#sent.has(id)) return false;
    this.sent(id);
    return true;
  }

  /** An entry of the log that was announced, or will be. False: it was seen already. */
  read(text: string): boolean {
    const waiting = this.#unlogged.get(text);
    if (waiting === undefined) {
      this.#unannounced.set(text, (this.#unannounced.get(text) ?? 0) + 1);
      trim(this.#unannounced);
      return true;
    }
    this.#unlogged.delete(text);
    // The others arrived later: the oldest stay in front.
    if (waiting.times > 1) this.#unlogged.set(text, { times: waiting.times - 1, since: this.#readings });
    return false;
  }

  /** The log was read to its end. */
  readToEnd(): void {
    this.#readings += 1;
    for (const [text, { since }] of this.#unlogged) {
      if (this.#readings - since <= patience) break;
      this.#unlogged.delete(text);
      this.#logged = false;
    }
  }
}

/** Removes the oldest beyond the bound. */
function trim(seen: Set<string> | Map<string, unknown>): void {
  if (seen.size <= maxSeen) return;
  for (const oldest of seen.keys()) {
    seen.delete(oldest);
    return;
  }
}
