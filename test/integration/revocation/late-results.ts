/** Proxies a double of an Auth API and can delay its responses: they are produced early and arrive late. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LateAnswers {
  readonly origin: string;
  /** From now on responses are delayed. */
  hold(): void;
  /** Responses that were produced and are delayed. */
  held(): number;
  release(): void;
  close(): Promise<void>;
}

export async function startLateAnswers(target: string): Promise<LateAnswers> {
  let holding = false;
  const waiting = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' && !['host', 'connection'].includes(name) ? [[name, value] as [string, string]] : [],
    );
    const answer = await fetch(`${target}${request.url}`, { headers });
    const body = await answer.text();
    const give = () => {
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
      response.end(body);
    };
    if (holding) waiting.add(give);
    else give();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const release = () => {
    holding = false;
    for (const give of waiting) give();
    waiting.clear();
  };
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: () => {
      holding = true;
    },
    held: () => waiting.size,
    release,
    async close() {
      release();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
