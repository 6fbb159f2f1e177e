/**
 * Takes the rest of a request that was answered before it was whole off its connection, within a bound, so that it is
 * never read as the next request, and so that the client gets to read the answer before the connection closes (closing
 * with unread bytes makes TCP reset it, and the answer is lost with it).
 */
import type { IncomingMessage } from 'node:http';
import type { ClientAnswer } from '../../upstream/client-side.ts';
import type { Deadline, Deadlines } from '../../upstream/deadline-wheel.ts';

/** A larger rest is not worth reading; the connection is closed instead. */
export const maxDrainBytes: number = 64 * 1024;
const maxDrainMs = 1_000;

/** The answer is ended, and the connection stays open if the rest comes in time. */
export function drainBody(req: IncomingMessage, deadlines: Deadlines): void {
  new BodyDrain(req, null, deadlines).start();
}

/**
 * The answer is written with its whole body but not ended: Node closes the connection at the end of an answer that says
 * so, and that has to wait for the rest.
 */
export function endAfterBody(req: IncomingMessage, res: ClientAnswer, deadlines: Deadlines): void {
  new BodyDrain(req, res, deadlines).start();
}

class BodyDrain implements Deadline {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly #req: IncomingMessage;
  readonly #res: ClientAnswer | null;
  readonly #deadlines: Deadlines;
  #bytes = 0;

  constructor(req: IncomingMessage, res: ClientAnswer | null, deadlines: Deadlines) {
    this.#req = req;
    this.#res = res;
    this.#deadlines = deadlines;
  }

  start(): void {
    this.#deadlines.schedule(this, performance.now() + maxDrainMs);
    this.#req.on('error', () => {});
    this.#req.on('data', this.#count);
    this.#req.once('end', this.#whole);
    this.#req.socket.once('close', this.#over);
    this.#req.resume();
  }

  onDeadline(): void {
    this.#tooMuch();
  }

  readonly #count = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    if (this.#bytes > maxDrainBytes) this.#tooMuch();
  };

  /** The connection may serve many more requests: nothing of this one stays with it. */
  readonly #over = (): void => {
    this.#deadlines.cancel(this);
    this.#req.socket.off('close', this.#over);
  };

  readonly #whole = (): void => {
    this.#over();
    this.#res?.end();
  };

  #tooMuch(): void {
    this.#over();
    this.#req.off('data', this.#count);
    this.#req.off('end', this.#whole);
    if (this.#res === null) this.#req.socket.destroySoon();
    else this.#res.end();
  }
}
