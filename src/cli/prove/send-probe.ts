/** Sends one request unchanged: the target is not normalized, and headers keep their spelling. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { CommandError } from '../exit-code.ts';
import type { Probe, Reply } from './probe.ts';

const timeoutMs = 15_000;
/** Of a body that is read. */
const mostBytes = 64 * 1024;

export interface Sender {
  send(probe: Pick<Probe, 'method' | 'target' | 'host' | 'headers'>): Promise<Reply>;
  close(): void;
}

/** `address`: where to connect; null: where the host of the URL leads. */
export function createSender(base: URL, address: string | null): Sender {
  const secure = base.protocol === 'https:';
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  return {
    send: ({ method, target, host, headers }) =>
      new Promise((resolve, reject) => {
        const sent = (secure ? httpsRequest : httpRequest)(
          {
            agent,
            host: address ?? base.hostname.replace(/^\[|\]$/g, ''),
            port: base.port,
            ...(secure ? { servername: host.replace(/:\d+$/, '') } : {}),
            method,
            path: target,
            setHost: false,
            headers: [
              'Host',
              host,
              ...headers,
              ...(/^(?:POST|PUT|PATCH)$/.test(method) ? ['Content-Length', '0'] : []),
            ],
            timeout: timeoutMs,
          },
          (response) => void read(response).then(resolve, reject),
        );
        sent.once('upgrade', (response: IncomingMessage, socket: Duplex) => {
          socket.destroy();
          resolve(replyOf(response, Buffer.alloc(0)));
        });
        sent.once('timeout', () => sent.destroy(new Error(`no response within ${timeoutMs / 1000} s`)));
        sent.once('error', (error: NodeJS.ErrnoException) =>
          reject(new CommandError(`rolegate: ${base.origin} cannot be reached: ${error.code ?? error.message}`)),
        );
        sent.end();
      }),
    close: () => agent.destroy(),
  };
}

async function read(response: IncomingMessage): Promise<Reply> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part);
      bytes += part.length;
      if (bytes >= mostBytes) break;
    }
  } catch {
    // The bytes received so far count.
  }
  return replyOf(response, Buffer.concat(parts));
}

function replyOf(response: IncomingMessage, body: Buffer): Reply {
  return {
    status: response.statusCode ?? 0,
    header: (name) => response.headersDistinct[name]?.join(', ') ?? null,
    text: `${response.rawHeaders.join('\n')}\n${body.toString('latin1')}`,
  };
}
