/** Detects the end of a body, by its length or by the last chunk. */

export interface BodyWatch {
  /** True: these bytes complete the body. */
  sees(bytes: Buffer): boolean;
}

const lastChunk = '\r\n0\r\n\r\n';

/** `head`: of the message, without the empty line. */
export function watchBody(head: string): BodyWatch {
  const length = /^content-length: *(\d+)\r?$/im.exec(head)?.[1];
  let missing = Number(length ?? 0);
  if (length !== undefined) {
    return {
      sees(bytes) {
        missing -= bytes.length;
        if (missing < 0) throw new Error('more came than the body has');
        return missing === 0;
      },
    };
  }
  if (!/^transfer-encoding: *chunked\r?$/im.test(head)) return { sees: () => true };
  // No part of the bodies sent here looks like the last chunk.
  let tail = '';
  return {
    sees(bytes) {
      tail = (tail + bytes.toString('latin1', Math.max(0, bytes.length - lastChunk.length))).slice(-lastChunk.length);
      return tail === lastChunk;
    },
  };
}
