/**
 * Assertions that were signed lately, bounded by their bytes: in two generations, of which the older one is forgotten as a
 * whole when the younger one is full. What is in use moves on to the younger one.
 */
export class RecentTokens<Token> {
  readonly #mostBytes: number;
  #young = new Map<string, Token>();
  #old = new Map<string, Token>();
  #youngBytes = 0;
  readonly #bytesOf: (token: Token) => number;

  /** `mostBytes`: of both generations together. */
  constructor(mostBytes: number, bytesOf: (token: Token) => number) {
    this.#mostBytes = mostBytes;
    this.#bytesOf = bytesOf;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): Token | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) {
      this.#old.delete(key);
      this.set(key, old);
    }
    return old;
  }

  set(key: string, token: Token): void {
    const bytes = key.length + this.#bytesOf(token);
    if (this.#youngBytes + bytes > this.#mostBytes / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    // One in place of another counts again: the bound holds all the more.
    this.#youngBytes += bytes;
    this.#young.set(key, token);
  }
}
