/**
 * A request whose body is not let in faster than it is taken, by parts too and not by bytes alone: a chunk of one byte
 * costs some hundred bytes here, so that 64 KB of them, which is what Node lets in, would be 27 MB.
 */
import { IncomingMessage } from 'node:http';

/** Parts that wait before nothing more is read from the client. */
const mostParts = 64;

export class IncomingRequest extends IncomingMessage {
  private parts = 0;

  get source(): IncomingMessage {
    return this;
  }

  /** False: enough waits. The parser stops the connection then, until the body is read. */
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    const more = super.push(chunk, encoding);
    if (this.readableLength === 0) {
      this.parts = 0;
      return more;
    }
    this.parts += 1;
    return more && this.parts < mostParts;
  }
}
