/** The forms in which a credential, or a plain digest of all or part of it, would appear in bytes. */
import { createHash } from 'node:crypto';

export interface Trace {
  readonly what: string;
  readonly bytes: Buffer;
}

const digests = ['sha256', 'sha512', 'sha1', 'md5'] as const;
/** Digests are also found when truncated to this length. */
const digestBytes = 12;
/** A piece of the credential itself. */
const pieceLength = 12;

/** `credential` is a bearer, or `<api key>:<api secret>`. */
export function tracesOf(credential: string): Trace[] {
  const halves = credential.split(':');
  const texts = [...new Set([credential, ...halves, halves.join(''), halves.join(' '), halves.join('\0')])];
  return [...halves.flatMap(piecesOf), ...[...texts, `Bearer ${credential}`].flatMap(digestsOf)];
}

function piecesOf(text: string): Trace[] {
  const traces: Trace[] = [];
  for (let start = 0; start + pieceLength <= text.length; start += pieceLength) {
    const piece = text.slice(start, start + pieceLength);
    traces.push({ what: `characters from ${start}`, bytes: Buffer.from(piece) });
    traces.push({ what: `characters from ${start} as hex`, bytes: Buffer.from(Buffer.from(piece).toString('hex')) });
  }
  // In base64, a text looks different at each of three offsets; complete groups of the one at the start of a field.
  traces.push({ what: 'base64', bytes: Buffer.from(Buffer.from(text).toString('base64').slice(0, 16)) });
  return traces;
}

function digestsOf(text: string): Trace[] {
  return digests.flatMap((algorithm) => {
    const digest = createHash(algorithm).update(text).digest().subarray(0, digestBytes);
    return [
      { what: `${algorithm} as bytes`, bytes: digest },
      { what: `${algorithm} as hex`, bytes: Buffer.from(digest.toString('hex')) },
      { what: `${algorithm} as HEX`, bytes: Buffer.from(digest.toString('hex').toUpperCase()) },
      { what: `${algorithm} as base64`, bytes: Buffer.from(digest.toString('base64')) },
      { what: `${algorithm} as base64url`, bytes: Buffer.from(digest.toString('base64url')) },
    ];
  });
}

/** Which of these credentials the bytes contain; empty for none. */
export function findTraces(bytes: Buffer, credentials: readonly string[]): string[] {
  const mayHold = fourBytesOf(bytes);
  return credentials.flatMap((credential) =>
    tracesOf(credential)
      .filter((trace) => mayHold(trace.bytes) && bytes.includes(trace.bytes))
      .map(({ what }) => what),
  );
}

/**
 * Excludes nearly everything without a search: a trace can only exist if the hashes of its first twelve bytes, in
 * groups of four, are among those of the existing groups.
 */
function fourBytesOf(bytes: Buffer): (trace: Buffer) => boolean {
  const bits = 26;
  const seen = new Uint8Array(2 ** (bits - 3));
  const place = (of: Buffer, at: number) => Math.imul(of.readInt32LE(at), 0x9e3779b1) >>> (32 - bits);
  for (let at = 0; at + 4 <= bytes.length; at += 1) {
    const found = place(bytes, at);
    seen[found >>> 3]! |= 1 << (found & 7);
  }
  const has = (found: number) => (seen[found >>> 3]! & (1 << (found & 7))) !== 0;
  return (trace) => [0, 4, 8].every((at) => has(place(trace, at)));
}
