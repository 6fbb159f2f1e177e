/** Calls to a provider: through the bounded exchange of all sources, without redirects or cookies. */
import Agent from 'undici/lib/dispatcher/agent.js';
import { tlsOptions } from '../http1/client/tls-options.ts';
import { exchange, maxBodyBytes } from '../identity/sources/remote/http-exchange.ts';
import type { ProviderSettings } from './provider.ts';

/** The provider did not respond, or failed itself. */
export class ProviderUnavailable extends Error {}

/** The part of a request that callers set, `openid-client` among them. */
export interface ProviderCall {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface ProviderFetch {
  /** Rejects with `ProviderUnavailable`. `restMs`: less than the time of one call. */
  fetch(url: string, call: ProviderCall, restMs?: number): Promise<Response>;
  close(): Promise<void>;
}

/** Connections to one provider: sign-ins of many people at once wait for one another instead of flooding it. */
const maxConnections = 8;

/** `maxBytes`: of the body of a response. */
export function createProviderFetch(
  { tls, timeoutMs }: Pick<ProviderSettings, 'tls' | 'timeoutMs'>,
  maxBytes = maxBodyBytes,
): ProviderFetch {
  const agent = new Agent({
    connections: maxConnections,
    pipelining: 1,
    allowH2: false,
    connect: { ...tlsOptions(tls), timeout: timeoutMs },
  });
  return {
    async fetch(url, { method, headers, body }, restMs = timeoutMs) {
      const { origin, pathname, search } = new URL(url);
      const request = {
        method: method === 'POST' ? ('POST' as const) : ('GET' as const),
        path: pathname + search,
        headers: Object.entries(headers).flat(),
        body: body == null ? null : String(body),
      };
      const send = () => exchange(agent, request, restMs, origin, maxBytes);
      let result = await send();
      // An idle connection may be closed just as it is used again. A POST is not repeated: a code is for one use.
      if ('broken' in result && method === 'GET') result = await send();
      if ('kind' in result) throw new ProviderUnavailable(`${origin}${pathname}: ${result.kind}, ${result.detail}`);
      if (result.status >= 500 || result.status === 429)
        throw new ProviderUnavailable(`${origin}${pathname}: status ${result.status}`);
      const empty = result.status === 204 || result.status === 304;
      return new Response(empty ? null : new Uint8Array(result.body), {
        status: result.status,
        headers: Object.entries(result.headers).map(([name, value]): [string, string] => [name, String(value)]),
      });
    },
    close: () => agent.destroy(),
  };
}
