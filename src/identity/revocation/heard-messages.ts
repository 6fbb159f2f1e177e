/**
 * Which messages were heard already, so that the log does not bring them again; and whether somebody announces without
 * writing to the log. Of such a publisher nobody can learn what it said while one was away.
 */

const maxHeard = 4_096;
/** Readings of the log within which a message has to appear there: it may be on its way. */
const patience = 4;

export class HeardMessages {
  readonly #heard = new Set<string>();
  /** Announced, and not found in the log yet: since which reading. */
  readonly #unlogged = new Map<string, number>();
  #readings = 0;
  #logged = true;

  /** Whether everybody who announced so far wrote to the log too. */
  get logged(): boolean {
    return this.#logged;
  }

  told(id: string): void {
    this.#add(id);
  }

  announced(text: string): void {
    this.#add(text);
    if (this.#unlogged.size < maxHeard) this.#unlogged.set(text, this.#readings);
  }

  /** An entry of the log, by the id of its sender or by its text. False: it was heard already. */
  read(name: string): boolean {
    this.#unlogged.delete(name);
    if (this.#heard.has(name)) return false;
    this.#add(name);
    return true;
  }

  /** The log was read to its end. */
  readToEnd(): void {
    this.#readings += 1;
    for (const [text, since] of this.#unlogged) {
      if (this.#readings - since <= patience) break;
      this.#unlogged.delete(text);
      this.#logged = false;
    }
  }

  #add(name: string): void {
    this.#heard.add(name);
    if (this.#heard.size <= maxHeard) return;
    for (const oldest of this.#heard) {
      this.#heard.delete(oldest);
      break;
    }
  }
}
