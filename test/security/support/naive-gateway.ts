/**
 * A quickly written gateway, for controls: it checks the raw path by its prefix, removes the identity header by its
 * exact name, applies `Connection` last, and forwards everything else unchanged. Whatever harms the service behind this
 * gateway, but not behind Rolegate, shows what the defenses are for.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type Leniency, type LenientRequest, readLenient } from './lenient-reading.ts';
import { guardedHost, known } from './sloppy-service.ts';

export interface NaiveGateway {
  readonly port: number;
  /** Bytes that it buffers because the receiver does not read. */
  waiting(): number;
  close(): Promise<void>;
}

/** Naive in another way than by default. */
export interface Naivety {
  /** Which callers are allowed, instead of the default check. */
  readonly allows?: (request: LenientRequest) => boolean;
  /** A request for an upgrade becomes a tunnel, whatever the service responds. */
  readonly tunnelsAtOnce?: boolean;
}

export async function startNaiveGateway(
  upstreamPort: number,
  leniency: Leniency,
  { allows = isAllowed, tunnelsAtOnce = false }: Naivety = {},
): Promise<NaiveGateway> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect({ port: upstreamPort, host: '127.0.0.1' });
    let rest = Buffer.alloc(0);
    let tunneled = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.on('data', (chunk: Buffer) => {
      tunneled ||= chunk.toString('latin1', 0, 12) === 'HTTP/1.1 101';
      client.write(chunk);
    });
    client.on('data', (chunk: Buffer) => {
      if (tunneled) {
        upstream.write(chunk);
        return;
      }
      rest = Buffer.concat([rest, chunk]);
      for (let read = readLenient(rest, leniency); read !== null; read = readLenient(rest, leniency)) {
        const whole = rest.toString('latin1', 0, read.length);
        rest = rest.subarray(read.length);
        if (allows(read.request)) upstream.write(forwarded(whole, read.request), 'latin1');
        else client.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
        if (!tunnelsAtOnce || read.request.headers.every(([name]) => name.toLowerCase() !== 'upgrade')) continue;
        tunneled = true;
        upstream.write(rest);
        rest = Buffer.alloc(0);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    waiting: () => [...sockets].reduce((bytes, { writableLength }) => bytes + writableLength, 0),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function isAllowed(request: LenientRequest): boolean {
  const { method, target, headers } = request;
  const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1];
  const items = method === 'DELETE' && target.startsWith('/items');
  const guarded = target.startsWith('/admin') || items || host === guardedHost;
  return !guarded || userOf(request) === known.admin.id;
}

function userOf({ headers }: LenientRequest): string | null {
  const text = headers.map(([, value]) => value).join('\n');
  if (text.includes(known.admin.token)) return known.admin.id;
  return text.includes(known.user.token) || text.includes(known.user.secret) ? known.user.id : null;
}

/** Adds the identity and removes what `Connection` lists, in the wrong order. */
function forwarded(whole: string, request: LenientRequest): string {
  const end = whole.indexOf(request.head) + request.head.length;
  const user = userOf(request);
  const [requestLine = '', ...fields] = request.head.split(/(?<=\n)/).filter((line) => line.trim() !== '');
  const listed = request.headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(/[ ,]+/));
  const kept = [
    ...fields.filter((line) => !/^user-id:/.test(line)),
    ...(user === null ? [] : [`user-id: ${user}\r\n`]),
  ];
  const left = kept.filter(
    (line) => !listed.includes((line.split(':')[0] ?? '').toLowerCase()) || /^upgrade/i.test(line),
  );
  return `${requestLine}${left.join('')}\r\n${whole.slice(end)}`;
}
