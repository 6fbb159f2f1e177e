/** One client and one service: the same requests directly and through the gateway. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, PreparedRequest } from './clients/client.ts';
import { difference, type Outcome, requestHeaders } from './compare-responses.ts';
import type { SampleRequest } from './sample-requests.ts';
import { credential, type RunningService, type Service } from './service.ts';

/** Sends every request that the client can send, again and again. Returns what differed. */
export async function differencesOf(
  client: Client,
  service: Service,
  running: RunningService,
  count: number,
): Promise<readonly string[]> {
  const possible = service.requests.filter(({ kind }) => client.cannot[kind] === undefined);
  const samples = Array.from({ length: count }, (_, number) => possible[number % possible.length]!);
  const send = (origin: string, name: string, numbers: Iterable<number> = samples.keys()) => {
    const folder = join(running.folder, `${client.name}-${name}`);
    mkdirSync(folder);
    const requests = Array.from(numbers, (number) => prepare(samples[number]!, number, origin, running.folder));
    return client.send(requests, { folder, page: origin + service.page, headers: credential });
  };
  const direct = await send(running.direct, 'direct');
  // Java reuses connections that a service of HTTP/1.0 closes: what was lost that way directly is sent on a new connection.
  for (const [number, outcome] of direct.entries()) {
    if ('error' in outcome) direct[number] = (await send(running.direct, `again-${number}`, [number]))[0]!;
  }
  const through = await send(running.gateway, 'gateway');
  const origins = [running.direct, running.gateway] as const;
  const varying = Object.keys(service.varies ?? {});
  return samples.flatMap((sample, number) => {
    const first = direct[number]!;
    const text = unexpected(sample, first) ?? difference(first, through[number]!, origins, varying);
    return text === null ? [] : [`${sample.kind}: ${sample.method} ${sample.target}: ${text}`];
  });
}

function prepare(sample: SampleRequest, number: number, origin: string, folder: string): PreparedRequest {
  const { kind, method, target, headers, body } = sample;
  return {
    number,
    kind,
    method,
    url: `${origin}${target}${target.includes('?') ? '&' : '?'}n=${number}`,
    headers: { ...headers, ...credential, 'X-Omit': Object.keys(requestHeaders).join(',') },
    framing: body === null ? 'none' : kind === 'chunked upload' ? 'chunked' : 'length',
    file: body === null ? '' : join(folder, 'bodies', body),
  };
}

/** Null: the status is the expected one, or 200 after a redirect. */
function unexpected({ kind, status }: SampleRequest, direct: Outcome): string | null {
  if ('error' in direct || direct.status === status || (kind === 'redirect' && direct.status === 200)) return null;
  return `direct: ${direct.status}`;
}
