/**
 * Sends one request unchanged: the target is not normalized, and headers keep their spelling. Of the response, it reads the head and the
 * beginning of the body, and then drops the connection: a stream never ends.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Probe, Reply, Unanswered } from './probe.ts';

/** To the end of the head; longer than Rolegate waits for an Auth API. */
const maxHeadMs = 10_000;
/** From the head on. */
const maxBodyMs = 1_000;
/** Of a body that is read. */
const maxBytes = 64 * 1024;

export interface Sender {
  send(probe: Pick<Probe, 'method' | 'target' | 'host' | 'headers'>): Promise<Reply | Unanswered>;
  /** Whether any connection was accepted so far. */
  connected(): boolean;
  close(): void;
}

/** `address`: where to connect; null: where the host of the URL leads. `over`: aborted when no more time is left. */
export function createSender(base: URL, address: string | null, over: AbortSignal): Sender {
  const secure = base.protocol === 'https:';
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  let connected = false;
  const send: Sender['send'] = (probe) =>
    new Promise((resolve) => {
      if (over.aborted) return resolve({ why: 'not sent: out of time' });
      const { method, target, host, headers } = probe;
      const name = host.replace(/:\d+$/, '');
      const sent = (secure ? httpsRequest : httpRequest)({
        agent,
        host: address ?? base.hostname.replace(/^\[|\]$/g, ''),
        port: base.port,
        // An address is no server name (RFC 6066 section 3).
        ...(secure && isIP(name.replace(/^\[|\]$/g, '')) === 0 ? { servername: name } : {}),
        method,
        path: target,
        setHost: false,
        headers: ['Host', host, ...headers, ...(/^(?:POST|PUT|PATCH)$/.test(method) ? ['Content-Length', '0'] : [])],
        signal: AbortSignal.any([over, AbortSignal.timeout(maxHeadMs)]),
      });
      sent.once('socket', (socket) => {
        if (!socket.connecting) connected = true;
        else socket.once('connect', () => (connected = true));
      });
      let responded = false;
      sent.once('response', (response) => {
        responded = true;
        void read(response).then(resolve);
      });
      sent.once('upgrade', (response: IncomingMessage, socket: Duplex) => {
        socket.destroy();
        resolve(replyOf(response, Buffer.alloc(0)));
      });
      sent.on('error', (error: NodeJS.ErrnoException) => {
        if (responded) return;
        // The other side had ended the idle connection.
        if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(send(probe));
        else resolve({ why: whyNot(error, over) });
      });
      sent.end();
    });
  return { send, connected: () => connected, close: () => agent.destroy() };
}

function whyNot(error: NodeJS.ErrnoException, over: AbortSignal): string {
  if (over.aborted) return 'no response in time';
  return error.name === 'AbortError' ? `no response within ${maxHeadMs / 1000} s` : (error.code ?? error.message);
}

async function read(response: IncomingMessage): Promise<Reply> {
  const parts: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => response.destroy(), maxBodyMs);
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part);
      bytes += part.length;
      if (bytes >= maxBytes) break;
    }
  } catch {
    // The bytes received so far count.
  } finally {
    clearTimeout(timer);
  }
  return replyOf(response, Buffer.concat(parts));
}

function replyOf(response: IncomingMessage, bytes: Buffer): Reply {
  const body = bytes.toString('latin1');
  return {
    status: response.statusCode ?? 0,
    header: (name) => response.headersDistinct[name]?.join(', ') ?? null,
    text: `${response.rawHeaders.join('\n')}\n${body}`,
    body,
  };
}
