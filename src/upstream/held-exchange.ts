/**
 * Holds an answer back until something is done that the client may rely on once it has it. Bounded by whoever does it;
 * the upstream is held back meanwhile, so that little of the answer waits here.
 */
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { AnsweredExchange } from './answered-exchange.ts';

export abstract class HeldExchange extends AnsweredExchange {
  /** Not null while the answer is held: what came of its body. */
  private heldParts: Buffer[] | null = null;
  /** The answer is whole. */
  private heldWhole = false;

  /** To be called when the head is there; `released` when more of the answer may come. `until` never rejects. */
  protected holdAnswer(until: Promise<unknown>, released: () => void): void {
    this.heldParts = [];
    void until.then(() => this.letGo(released));
  }

  private letGo(released: () => void): void {
    const parts = this.heldParts;
    this.heldParts = null;
    // The client is gone, or got a refusal in place of the answer.
    if (parts === null || this.over) return;
    for (const part of parts) super.continueAnswer(part);
    if (this.heldWhole) {
      super.endAnswer();
    } else {
      super.flush();
      released();
    }
  }

  protected override continueAnswer(chunk: Buffer): boolean {
    if (this.heldParts === null) return super.continueAnswer(chunk);
    this.heldParts.push(chunk);
    return true;
  }

  protected override endAnswer(): void {
    if (this.heldParts === null) super.endAnswer();
    else this.heldWhole = true;
  }

  override flush(): void {
    if (this.heldParts === null) super.flush();
  }

  override fail(reason: ReasonCode, cause: unknown = null): void {
    this.heldParts = null;
    super.fail(reason, cause);
  }
}
