/** A client that speaks HTTP/2 over TLS, with fields as they are given: in order, and repeated. */
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import type { GoldenAnswer } from './expect-golden.ts';

export interface Http2Client {
  readonly session: ClientHttp2Session;
  /** `fields`: alternating names and values, pseudo headers first. Rejects if the stream is reset. */
  ask(fields: readonly string[], body?: string | Buffer | null): Promise<GoldenAnswer & { readonly body: Buffer }>;
  close(): void;
}

export async function openHttp2(port: number, ca: string, host = 'localhost'): Promise<Http2Client> {
  const options = {
    ca,
    // Repeated fields are sent as they are.
    strictSingleValueFields: false,
    // In MB: of bodies that wait to be sent, too.
    maxSessionMemory: 100,
    lookup: (_name: string, _options: object, found: (error: null, addresses: LookupAddress[]) => void) =>
      found(null, [{ address: '127.0.0.1', family: 4 }]),
  };
  const session = connect(`https://${host}:${port}`, options);
  session.on('error', () => {});
  await once(session, 'connect');
  return {
    session,
    ask(fields, body = null) {
      return new Promise((resolve, reject) => {
        const stream = session.request(fields as string[], { endStream: body === null });
        let status = 0;
        let raw: readonly string[] = [];
        const parts: Buffer[] = [];
        stream.on('response', (headers, _flags, rawHeaders?: string[]) => {
          status = Number(headers[':status']);
          raw = rawHeaders ?? [];
        });
        stream.on('data', (part: Buffer) => parts.push(part));
        stream.on('error', reject);
        stream.on('close', () => {
          if (status === 0 || stream.rstCode !== 0) {
            reject(new Error(`the stream ended with ${stream.rstCode}`));
            return;
          }
          const whole = Buffer.concat(parts);
          const values = (name: string) =>
            raw.filter((_, index) => index % 2 === 1 && raw[index - 1] === name.toLowerCase());
          resolve({
            status,
            body: whole,
            header: (name) => values(name)[0],
            headers: values,
            text: () => whole.toString('utf8'),
          });
        });
        if (body !== null) stream.end(body);
      });
    },
    close: () => session.destroy(),
  };
}
