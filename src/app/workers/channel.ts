/**
 * Questions and answers between two processes of one gateway, over the channel that Node opens to a child. What comes is
 * read strictly: a message of another form ends the channel, as nobody knows what the other side believes then.
 */
import { z } from 'zod';

const id = z.int().min(1);
const frame = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ask'), id, body: z.unknown() }),
  z.strictObject({ kind: z.literal('answer'), id, body: z.unknown() }),
  z.strictObject({ kind: z.literal('tell'), body: z.unknown() }),
]);

/** The other process is gone, or says what nobody understands. */
export class ChannelClosedError extends Error {
  override readonly name = 'ChannelClosedError';

  constructor() {
    super('the other process is gone');
  }
}

export interface ChannelOptions {
  /** False: the channel is full, or gone. */
  readonly send: (message: object) => boolean;
  /** Answers a question; what it rejects with, and a body that it does not know (`null`), end the channel. */
  readonly answer: (body: unknown) => Promise<object> | object | null;
  /** False: this is nothing that is told. */
  readonly hear: (body: unknown) => boolean;
  /** The other side cannot be understood. */
  readonly broken: (cause: unknown) => void;
}

export class Channel {
  readonly #options: ChannelOptions;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #closed = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /** Questions that wait for an answer. */
  get waiting(): number {
    return this.#asked.size;
  }

  /** Rejects with `ChannelClosedError` when the other process ends before it answers. */
  ask(body: object): Promise<unknown> {
    if (this.#closed) return Promise.reject(new ChannelClosedError());
    const asked = Promise.withResolvers<unknown>();
    this.#lastId += 1;
    this.#asked.set(this.#lastId, asked);
    this.#options.send({ kind: 'ask', id: this.#lastId, body });
    return asked.promise;
  }

  /** False: the other side does not keep up, or is gone. */
  tell(body: object): boolean {
    return !this.#closed && this.#options.send({ kind: 'tell', body });
  }

  take(message: unknown): void {
    if (this.#closed) return;
    const read = frame.safeParse(message);
    if (!read.success) {
      this.#break(read.error);
      return;
    }
    const { data } = read;
    switch (data.kind) {
      case 'ask':
        void this.#answer(data.id, data.body);
        return;
      case 'tell':
        if (!this.#options.hear(data.body)) this.#break(new Error('nothing that is told'));
        return;
      case 'answer':
        this.#asked.get(data.id)?.resolve(data.body);
        this.#asked.delete(data.id);
    }
  }

  /** Nothing comes any more. */
  close(): void {
    this.#closed = true;
    for (const asked of this.#asked.values()) asked.reject(new ChannelClosedError());
    this.#asked.clear();
  }

  async #answer(asked: number, body: unknown): Promise<void> {
    try {
      const answer = await this.#options.answer(body);
      if (answer === null) throw new Error('no such question');
      if (!this.#closed) this.#options.send({ kind: 'answer', id: asked, body: answer });
    } catch (cause) {
      this.#break(cause);
    }
  }

  #break(cause: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#options.broken(cause);
  }
}
