/** A client that writes frames of HTTP/2 exactly as given, valid or not, and reads those that come back. */
import type { TLSSocket } from 'node:tls';
import { connect } from 'node:tls';

export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;
export const flags = { endStream: 1, ack: 1, endHeaders: 4 } as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export interface FrameClient {
  readonly socket: TLSSocket;
  /** So far. */
  readonly frames: readonly Frame[];
  readonly closed: boolean;
  write(...frames: Buffer[]): void;
  /** Resolves with the first frame that `wanted` selects; null: the connection ended before. */
  find(wanted: (frame: Frame) => boolean): Promise<Frame | null>;
  /** How a stream ended: the status of its response (0: not one of the usual), or the code of its reset, or that the connection ended. */
  outcome(stream: number): Promise<string>;
  end(): Promise<void>;
}

export function frame(type: number, flag: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flag;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Literal fields without indexing (RFC 7541 section 6.2.2), bytes as Latin-1. */
export function block(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  const length: number[] = [];
  if (bytes.length < 127) length.push(bytes.length);
  else {
    let rest = bytes.length - 127;
    length.push(127);
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** The head of a GET, whose fields `more` follow. */
export function get(path: string, more: readonly (readonly [string, string])[] = []): Buffer {
  return block([[':method', 'GET'], [':scheme', 'https'], [':authority', 'a.test'], [':path', path], ...more]);
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** Of the table of RFC 7541 appendix A. */
const statuses = new Map([
  [0x88, 200],
  [0x89, 204],
  [0x8c, 400],
  [0x8d, 404],
]);

/** After both sides have sent their settings. */
export async function openFrames(port: number, ca: string, settings: Buffer = Buffer.alloc(0)): Promise<FrameClient> {
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'a.test', ALPNProtocols: ['h2'] });
  const frames: Frame[] = [];
  let buffered: Buffer = Buffer.alloc(0);
  let closed = false;
  let changed = () => {};
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => {
    buffered = Buffer.concat([buffered, bytes]);
    while (buffered.length >= 9) {
      const end = 9 + buffered.readUIntBE(0, 3);
      if (buffered.length < end) break;
      frames.push({
        type: buffered[3]!,
        flags: buffered[4]!,
        stream: buffered.readUInt32BE(5),
        payload: Buffer.from(buffered.subarray(9, end)),
      });
      buffered = buffered.subarray(end);
    }
    changed();
  });
  socket.on('close', () => {
    closed = true;
    changed();
  });
  const client: FrameClient = {
    socket,
    frames,
    get closed() {
      return closed;
    },
    write(...all) {
      if (!closed) socket.write(Buffer.concat(all));
    },
    async find(wanted) {
      for (;;) {
        const found = frames.find(wanted);
        if (found !== undefined) return found;
        if (closed) return null;
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
      }
    },
    async outcome(stream) {
      const { headers, reset } = frameTypes;
      const found = await client.find((one) => one.stream === stream && (one.type === headers || one.type === reset));
      if (found === null) return 'closed';
      if (found.type === reset) return `reset ${found.payload.readUInt32BE(0)}`;
      return `status ${statuses.get(found.payload[0]!) ?? 0}`;
    },
    async end() {
      socket.destroy();
      await client.find(() => false);
    },
  };
  socket.write(Buffer.concat([preface, frame(frameTypes.settings, 0, 0, settings)]));
  await client.find(({ type, flags: flag }) => type === frameTypes.settings && flag === flags.ack);
  client.write(frame(frameTypes.settings, flags.ack, 0));
  return client;
}
