/**
 * Requests, responses and notices between two processes of one gateway, over the channel that Node opens to a child. Messages are parsed
 * strictly: an invalid one ends the channel, because the state of the other side is then unknown.
 */
import { z } from 'zod';

const id = z.int().min(1);
const frame = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('request'), id, body: z.unknown() }),
  z.strictObject({ kind: z.literal('response'), id, body: z.unknown() }),
  z.strictObject({ kind: z.literal('notice'), body: z.unknown() }),
]);

/** The other process is gone, or sent an invalid message. */
export class ChannelClosedError extends Error {
  override readonly name = 'ChannelClosedError';

  constructor() {
    super('the other process is gone');
  }
}

export interface ChannelOptions {
  /** False: the channel is full, or gone. */
  readonly send: (message: object) => boolean;
  /** Responds to a request; a rejection, or an unknown request (`null`), ends the channel. */
  readonly respond: (body: unknown) => Promise<object> | object | null;
  /** Receives a notice. False: not a notice. */
  readonly notice: (body: unknown) => boolean;
  /** A message of the other side is invalid, or its request has no response. */
  readonly broken: (cause: unknown) => void;
}

export class Channel {
  readonly #options: ChannelOptions;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #closed = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /** Requests that wait for their response. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Rejects with `ChannelClosedError` if the other process ends before its response. */
  request(body: object): Promise<unknown> {
    if (this.#closed) return Promise.reject(new ChannelClosedError());
    const response = Promise.withResolvers<unknown>();
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, response);
    this.#options.send({ kind: 'request', id: this.#lastId, body });
    return response.promise;
  }

  /** False: the other side does not keep up, or is gone. */
  notify(body: object): boolean {
    return !this.#closed && this.#options.send({ kind: 'notice', body });
  }

  receive(message: unknown): void {
    if (this.#closed) return;
    const read = frame.safeParse(message);
    if (!read.success) {
      this.#break(read.error);
      return;
    }
    const { data } = read;
    switch (data.kind) {
      case 'request':
        void this.#respond(data.id, data.body);
        return;
      case 'notice':
        if (!this.#options.notice(data.body)) this.#break(new Error('no such notice'));
        return;
      case 'response':
        this.#waiting.get(data.id)?.resolve(data.body);
        this.#waiting.delete(data.id);
    }
  }

  /** No message is received from here on. */
  close(): void {
    this.#closed = true;
    for (const response of this.#waiting.values()) response.reject(new ChannelClosedError());
    this.#waiting.clear();
  }

  async #respond(id: number, body: unknown): Promise<void> {
    try {
      const response = await this.#options.respond(body);
      if (response === null) throw new Error('no such request');
      if (!this.#closed) this.#options.send({ kind: 'response', id, body: response });
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
