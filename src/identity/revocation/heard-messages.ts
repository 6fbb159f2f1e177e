/**
 * Which messages were heard already, so that the log does not bring them again; and whether somebody announces without
 * writing to the log. Of such a publisher nobody can learn what it said while one was away.
 */

const maxHeard = 4_096;
/** Readings of the log within which a message has to appear there: it may be on its way. */
const patience = 4;

interface Announced {
  readonly times: number;
  readonly since: number;
}

export class HeardMessages {
  readonly #told = new Set<string>();
  /** Announced, and not found in the log yet: as often, and since which reading. */
  readonly #unlogged = new Map<string, Announced>();
  /** Found in the log, and not announced yet, as often: the two come on connections of their own. */
  readonly #unannounced = new Map<string, number>();
  #readings = 0;
  #logged = true;

  /** Whether everybody who announced so far wrote to the log too. */
  get logged(): boolean {
    return this.#logged;
  }

  /** By the id of its sender, unlike any other. */
  told(id: string): void {
    this.#told.add(id);
    trim(this.#told);
  }

  /** By its text: two messages may read alike. */
  announced(text: string): void {
    const found = this.#unannounced.get(text) ?? 0;
    if (found > 1) this.#unannounced.set(text, found - 1);
    else this.#unannounced.delete(text);
    if (found > 0) return;
    const waiting = this.#unlogged.get(text);
    if (waiting !== undefined) this.#unlogged.set(text, { ...waiting, times: waiting.times + 1 });
    else if (this.#unlogged.size < maxHeard) this.#unlogged.set(text, { times: 1, since: this.#readings });
  }

  /** An entry of the log that names its sender. False: it was heard already. */
  readTold(id: string): boolean {
    if (this.#told.has(id)) return false;
    this.told(id);
    return true;
  }

  /** An entry of the log that was announced, or will be. False: it was heard already. */
  read(text: string): boolean {
    const waiting = this.#unlogged.get(text);
    if (waiting === undefined) {
      this.#unannounced.set(text, (this.#unannounced.get(text) ?? 0) + 1);
      trim(this.#unannounced);
      return true;
    }
    this.#unlogged.delete(text);
    // The others came later: the oldest stay in front.
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

/** Lets the oldest go beyond the bound. */
function trim(heard: Set<string> | Map<string, unknown>): void {
  if (heard.size <= maxHeard) return;
  for (const oldest of heard.keys()) {
    heard.delete(oldest);
    return;
  }
}
