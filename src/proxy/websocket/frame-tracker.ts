/**
 * Follows the WebSocket frames (RFC 6455 section 5.2) in the forwarded bytes, so that the gateway can insert its own frame between two of
 * them. It reads only lengths: nothing is unmasked, checked or kept.
 */
export class FrameTracker {
  /** A Close frame has begun: its sender sends nothing more. */
  closing = false;
  /** Received bytes of the current header. */
  #have = 0;
  /** Total bytes of the header, and up to the end of its length field; known from its second byte. */
  #headerBytes = 0;
  #lengthEnd = 0;
  #opcode = 0;
  #length = 0;
  #payloadLeft = 0;

  /** No frame is in progress. */
  get between(): boolean {
    return this.#have === 0 && this.#payloadLeft === 0;
  }

  /** Records forwarded bytes. */
  pass(chunk: Buffer): void {
    this.#advance(chunk, false);
  }

  /** The same, up to the end of the current frame: returns how many bytes of `chunk` belong to it. */
  finish(chunk: Buffer): number {
    return this.between ? 0 : this.#advance(chunk, true);
  }

  #advance(chunk: Buffer, stop: boolean): number {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, chunk.length - at);
        this.#payloadLeft -= taken;
        at += taken;
      } else {
        this.#header(chunk[at]!);
        at += 1;
      }
      if (stop && this.between) return at;
    }
    return at;
  }

  #header(byte: number): void {
    const index = this.#have;
    this.#have += 1;
    if (index === 0) {
      this.#opcode = byte & 0x0f;
      return;
    }
    if (index === 1) {
      const length = byte & 0x7f;
      const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
      this.#length = extended === 0 ? length : 0;
      this.#lengthEnd = 2 + extended;
      this.#headerBytes = this.#lengthEnd + (byte & 0x80 ? 4 : 0);
    } else if (index < this.#lengthEnd) {
      this.#length = this.#length * 256 + byte;
    }
    if (this.#have < this.#headerBytes) return;
    this.#have = 0;
    this.#payloadLeft = this.#length;
    if (this.#opcode === 0x8) this.closing = true;
  }
}
