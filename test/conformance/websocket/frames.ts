/** Frames of RFC 6455 section 5.2 as bytes, valid or not, and a client that records everything a server sends. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

export interface FrameOptions {
  readonly fin?: boolean;
  /** Reserved bits, 0 to 7. */
  readonly rsv?: number;
  readonly masked?: boolean;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export function frame(opcode: number, payload: string | Buffer = '', options: FrameOptions = {}): Buffer {
  const data = typeof payload === 'string' ? Buffer.from(payload, 'utf8') : payload;
  const first = ((options.fin ?? true) ? 0x80 : 0) | ((options.rsv ?? 0) << 4) | opcode;
  const masked = options.masked ?? true;
  const bit = masked ? 0x80 : 0;
  let head: Buffer;
  if (data.length < 126) head = Buffer.from([first, bit | data.length]);
  else if (data.length < 65_536) {
    head = Buffer.from([first, bit | 126, 0, 0]);
    head.writeUInt16BE(data.length, 2);
  } else {
    head = Buffer.from([first, bit | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.writeBigUInt64BE(BigInt(data.length), 2);
  }
  if (!masked) return Buffer.concat([head, data]);
  const mask = randomBytes(4);
  const hidden = Buffer.allocUnsafe(data.length);
  for (let i = 0; i < data.length; i += 1) hidden[i] = (data[i] ?? 0) ^ (mask[i & 3] ?? 0);
  return Buffer.concat([head, mask, hidden]);
}

/** A close frame with a code (RFC 6455 section 7.4) and a reason. */
export function closeFrame(code?: number, reason: string | Buffer = ''): Buffer {
  if (code === undefined) return frame(opcodes.close);
  const number = Buffer.from([code >> 8, code & 0xff]);
  return frame(opcodes.close, Buffer.concat([number, Buffer.from(reason)]));
}

export interface Transcript {
  /** Status of the handshake. */
  readonly status: number;
  /** Handshake headers that concern the protocol. */
  readonly negotiated: readonly (string | undefined)[];
  /** Everything after the handshake. */
  readonly bytes: Buffer;
  /** Whether the server ended the connection. */
  readonly closed: boolean;
}

const patienceMs = 30_000;

/**
 * Completes the handshake, writes the parts, and records until the server closes, or has sent at least `answerBytes`
 * bytes.
 */
export async function converse(
  port: number,
  parts: readonly Buffer[],
  options: { answerBytes?: number; extensions?: string; protocol?: string } = {},
): Promise<Transcript> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const received: Buffer[] = [];
  let size = 0;
  let closed = false;
  let wake = () => {};
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    received.push(chunk);
    size += chunk.length;
    wake();
  });
  socket.on('close', () => {
    closed = true;
    wake();
  });
  const timer = setTimeout(() => socket.destroy(new Error('too slow')), patienceMs);
  const until = async (done: () => boolean) => {
    while (!done() && !closed) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const { extensions, protocol } = options;
  const lines = [
    'GET /echo HTTP/1.1',
    'Host: a.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let head = -1;
  await until(() => {
    head = Buffer.concat(received).indexOf('\r\n\r\n');
    return head !== -1;
  });
  const answer = Buffer.concat(received).toString('latin1', 0, head);
  const start = head + 4;
  for (const part of parts) {
    // A service that has closed reads nothing more.
    if (!closed && !socket.write(part)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
  }
  await until(() => size - start >= (options.answerBytes ?? Number.POSITIVE_INFINITY));
  clearTimeout(timer);
  const ended = closed;
  socket.destroy();
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(answer)?.[1];
  return {
    status: Number(answer.slice(9, 12)),
    negotiated: ['sec-websocket-accept', 'sec-websocket-extensions', 'sec-websocket-protocol'].map(field),
    bytes: Buffer.concat(received).subarray(start),
    closed: ended,
  };
}
