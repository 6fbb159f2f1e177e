/** Creates the request of a check, as if the gateway had read it from the client itself. */
import { clientNetwork } from '../core/forwarding/client-address.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import { isNamed } from '../core/syntax/header-fields.ts';
import { listHas } from '../http1/grammar/fields.ts';
import type { Request } from '../http1/server/request.ts';
import type { Client } from '../request-line/client.ts';
import type { Dialect, OriginalRequest } from './dialect.ts';

export interface ReadCheck {
  /** With the body of the check, which is never read. */
  readonly request: Request;
  /** The peer of the proxy. Its address is empty if the proxy does not report it. */
  readonly peer: Client;
  readonly waitsMs: number;
}

/** Headers of a connection, and framing: the check has no body. */
const ofConnection: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** `rest`: the target after the path of the dialect. Null: a field of the original request is missing or not valid. */
export function readCheck(
  dialect: Dialect,
  received: Request,
  rawHeaders: readonly string[],
  rest: string,
  trustedProxies: TrustedProxies,
): ReadCheck | null {
  const read = dialect.read({ method: received.method, rawHeaders: withoutConnection(rawHeaders), rest });
  if (read === null) return null;
  return checkOf(read, received, asksForWebSocket(rawHeaders), trustedProxies);
}

/** Envoy sends `Upgrade` without `Connection`, because the check itself is no upgrade. */
export function asksForWebSocket(rawHeaders: readonly string[]): boolean {
  return rawHeaders.some(
    (name, at) => at % 2 === 0 && isNamed(name, 'upgrade') && listHas(rawHeaders[at + 1]!, 'websocket'),
  );
}

export function withoutConnection(rawHeaders: readonly string[]): string[] {
  const own: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!ofConnection.has(rawHeaders[i]!.toLowerCase())) own.push(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  return own;
}

/** `check`: the check itself. `upgrades`: it reports that the client opens a WebSocket. */
export function checkOf(
  read: OriginalRequest,
  check: Pick<Request, 'body' | 'bodyLength' | 'keepAlive' | 'expect'>,
  upgrades: boolean,
  trustedProxies: TrustedProxies,
): ReadCheck {
  // Proxies drop `Upgrade` from a check, but every WebSocket handshake has a key (RFC 6455 section 4.1).
  const webSocket = upgrades || read.rawHeaders.some((name, i) => i % 2 === 0 && /^sec-websocket-key$/i.test(name));
  const upgrade = webSocket ? ['Connection', 'Upgrade', 'Upgrade', 'websocket'] : [];
  const address = read.peer ?? '';
  return {
    request: {
      body: check.body,
      bodyLength: check.bodyLength,
      keepAlive: check.keepAlive,
      expect: check.expect,
      method: read.method,
      target: read.target,
      minor: 1,
      rawHeaders: ['Host', read.host, ...upgrade, ...read.rawHeaders],
      upgrade: webSocket ? 'websocket' : 'none',
    },
    peer: {
      address,
      network: clientNetwork(address),
      trusted: address !== '' && trustedProxies(address),
      secure: read.secure,
      listener: null,
      certificate: null,
    },
    waitsMs: read.waitsMs,
  };
}
