/**
 * Writes the upstream's answer to the client. Head and body share one write when the answer arrives whole, which is the
 * usual case; the system call is the dearest part of a request. Otherwise the head goes out by `flush`.
 */
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { type AnswerContext, type AnswerHead, answerHead, hasBody, linesOf, withHeader } from './answer-head.ts';
import type { AnswerMemory } from './answer-memory.ts';
import { Exchange } from './exchange.ts';
import { hasOwnMemory, letGo } from './part-memory.ts';
import { resetSocket } from './reset-socket.ts';

/** Up to here copying a body is cheaper than a second buffer in its write. */
const smallBytes = 8 * 1024;

export abstract class AnsweredExchange extends Exchange {
  /** Not null between the arrival of the head and its sending. */
  private head: AnswerHead | null = null;
  /** A first part of the body that waits with the head. */
  private held: Buffer | null = null;
  /** The client cannot tell the end of the answer from the end of the connection. */
  private unframed = false;

  /**
   * The head of the final answer is there. `flushed`: it is sent at the end of the tick, without anybody's `flush`;
   * `memory`: of the connection that it came on.
   */
  protected beginAnswer(
    status: number,
    statusText: string,
    rawHeaders: readonly string[],
    context: AnswerContext,
    flushed = false,
    memory: AnswerMemory | null = null,
  ): void {
    this.answeredAt = performance.now();
    const route = this.decision?.route ?? null;
    const asked = this.req.rawHeaders;
    this.head =
      memory === null
        ? answerHead(status, statusText, rawHeaders, context, route, asked)
        : memory.headOf(status, statusText, rawHeaders, context, route, asked);
    // Without the coding's name nobody could read the body (RFC 9112 section 6.1).
    if (this.head.coded) {
      this.fail('upstream_answer_invalid');
    } else if (flushed) {
      process.nextTick(() => this.flush());
    }
  }

  /** Takes note of a part that waits for the answers before its own. Anything but null: there is no room for it. */
  protected abstract waitBehind(bytes: number): ReasonCode | null;

  /** A part of the body. False: the client is full, and `drain` of the response will tell when it is not. */
  protected continueAnswer(chunk: Buffer): boolean {
    this.bytesOut += chunk.length;
    if (this.res.socket === null && !this.over) {
      const full = this.waitBehind(chunk.length);
      if (full !== null) {
        // A refusal in place of the answer would say that nothing had been done.
        this.reason = full;
        this.breakOff();
        return true;
      }
    }
    if (this.head === null) return this.writePart(chunk);
    if (this.held === null && (chunk.length <= smallBytes || chunk.length === this.head.contentLength)) {
      this.held = chunk;
      return true;
    }
    return !this.sendHead() || this.writePart(chunk);
  }

  /** Nobody else holds a part, so that its memory can be had again as soon as it is out. */
  private writePart(chunk: Buffer): boolean {
    return hasOwnMemory(chunk) ? this.res.write(chunk, () => letGo(chunk)) : this.res.write(chunk);
  }

  /** The answer is whole. */
  protected endAnswer(): void {
    const { head, held } = this;
    if (head === null) {
      this.res.end();
      return;
    }
    this.held = null;
    // All of it is there, so its length is known, whatever framing the upstream chose.
    if (head.contentLength < 0 && hasBody(this.method, head.status)) {
      this.head = withHeader(head, 'content-length', String(held === null ? 0 : held.length));
    }
    if (!this.sendHead()) return;
    if (held === null) this.res.end();
    // As text of the same bytes it is joined with the head into one plain write.
    else if (held.length <= smallBytes) this.res.end(held.toString('latin1'), 'latin1');
    else this.res.end(held);
  }

  /** Writes the head, and what waits with it. False: the head was no valid HTTP, and the client got a refusal. */
  private sendHead(): boolean {
    const { held, res } = this;
    let { head } = this;
    if (head === null) return true;
    this.head = null;
    this.held = null;
    if (this.closesConnection) {
      head = withHeader(head, 'connection', 'close');
      this.from.closing = true;
    }
    const { status, statusText, headers, errorId } = head;
    try {
      if (res.writeLines !== undefined) res.writeLines(linesOf(head));
      else if (statusText === undefined) res.writeHead(status, headers);
      else res.writeHead(status, statusText, headers);
    } catch (cause) {
      this.fail('upstream_answer_invalid', cause);
      return false;
    }
    this.status = status;
    this.errorId = errorId;
    this.unframed = head.contentLength < 0 && this.req.httpVersionMinor === 0;
    if (held !== null) res.write(held);
    return true;
  }

  /** Sends a head that no whole answer has followed by now. */
  flush(): void {
    if (this.head === null || this.over) return;
    // Without a body its end is here next, and takes the head along.
    const waits = !hasBody(this.method, this.head.status);
    // `flushHeaders` would write the bytes of the head as UTF-8.
    if (!waits && this.sendHead()) this.res.write('', 'latin1');
  }

  override fail(reason: ReasonCode, cause: unknown = null): void {
    // Nothing of the answer is out: the client gets a refusal in place of a broken answer.
    if (this.head !== null) {
      this.head = null;
      this.held = null;
      this.bytesOut = 0;
    }
    super.fail(reason, cause);
  }

  /** Lets go of a client that is gone, most likely. Ended properly, an answer that only ends so would look whole. */
  protected letGoOfClient(): void {
    this.aborted = true;
    this.release();
    if (this.unframed) this.breakOff();
    else this.req.socket.destroy();
  }

  protected override breakOff(): void {
    if (this.unframed) {
      // Only a reset tells a cut answer from a whole one.
      this.cut = true;
      resetSocket(this.req.socket);
    } else {
      super.breakOff();
    }
  }
}
