/**
 * Whether each target of an upstream speaks HTTP, passes its health check if it has one, and is not this gateway. Without a health check,
 * it gets `HEAD /`.
 */
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect as connectTls } from 'node:tls';
import type { Address, ClientTlsConfig, Config, UpstreamConfig } from '../../config/config.ts';
import { leadsTo } from '../../config/units/parse-address.ts';
import { tlsOptions } from '../../http1/client/tls-options.ts';
import { type Check, type Finding, findingsOf, withinCheck } from './check.ts';
import { certificateCodes, certificateFindings, connectionAdvice, type SeenServer, seeServer } from './see-server.ts';

export function upstreamChecks({ upstreams, server, authorizer }: Config, timeoutMs: number): readonly Check[] {
  const own = [
    ...server.listeners.map(({ address }) => ['server.listen', address] as const),
    ...Object.entries({
      'server.admin': server.admin,
      'authorizer.listen': authorizer?.listen ?? null,
      'authorizer.grpc.listen': authorizer?.grpc?.listen ?? null,
    }),
  ];
  return [...upstreams.values()].flatMap((upstream) =>
    upstream.targets.map((target): Check => {
      const subject = `${upstream.name} ${target}`;
      return {
        group: 'upstreams',
        subject,
        async run() {
          const setting = await settingOf(target, own);
          if (setting === null) return await checkTarget(upstream, target, subject, timeoutMs);
          const advice = `Requests would come back to the gateway: correct the target under "upstreams.${upstream.name}".`;
          return [findingsOf('upstreams', subject).error(`this is the gateway itself ("${setting}")`, advice)];
        },
      };
    }),
  );
}

/** The setting of the listener of this configuration to which a target leads from this machine, or null. */
async function settingOf(
  target: string,
  own: readonly (readonly [setting: string, address: (Address & { readonly path?: string }) | null])[],
): Promise<string | null> {
  const url = new URL(target);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = await lookup(host, { all: true }).catch(() => []);
  const mine = new Set(Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []));
  const leads = (listened: Address) => {
    if (leadsTo(url.origin, listened)) return true;
    return addresses.some(({ address, family }) => {
      // A listener on every interface has all addresses of the machine.
      const hostname = mine.has(address) && ['', '0.0.0.0', '::'].includes(listened.host) ? '127.0.0.1' : address;
      url.hostname = family === 6 && hostname === address ? `[${hostname}]` : hostname;
      return leadsTo(url.origin, listened);
    });
  };
  const one = own.find(([, address]) => address !== null && address.path === undefined && leads(address));
  return one?.[0] ?? null;
}

async function checkTarget(
  upstream: UpstreamConfig,
  target: string,
  subject: string,
  timeoutMs: number,
): Promise<readonly Finding[]> {
  const { name, health, connectTimeoutMs, tls, host, proxyProtocol } = upstream;
  const findings = findingsOf('upstreams', subject);
  const { ok, error } = findings;
  const setting = `upstreams.${name}`;
  const unreachable = (failure: string) => error(`no connection (${failure})`, connectionAdvice(failure, setting));
  const headers = host === 'keep' || host === 'target' ? {} : { host };
  const method = health === null ? 'HEAD' : 'GET';
  /** If the server expects other first bytes than it got. */
  const misunderstood = async (seen: SeenServer) => {
    const otherwise = await otherFirstBytes(upstream, seen, new URL(health?.path ?? '/', target), method, timeoutMs);
    return otherwise === null ? null : [error(...otherwise)];
  };
  if (health === null) {
    const failure =
      proxyProtocol !== null
        ? null
        : await connectionFailure(new URL(target), tls, withinCheck(connectTimeoutMs, timeoutMs / 2));
    if (failure !== null) return (await misunderstood({ failure })) ?? [unreachable(failure)];
    const seen = await seeServer(new URL('/', target), tls, {
      method,
      headers,
      proxyProtocol,
      timeoutMs: withinCheck(2_000, timeoutMs / 2),
    });
    const finding = await misunderstood(seen);
    if (finding !== null) return finding;
    // A server that demands a client certificate ends the connection only after the handshake.
    if ('failure' in seen && certificateCodes.test(seen.failure)) return [unreachable(seen.failure)];
    const wrong = 'failure' in seen ? await wrongProtocol(seen.failure, new URL(target), setting, timeoutMs) : null;
    if (wrong !== null) return [error('accepts connections, but does not speak HTTP/1.1 as configured', wrong)];
    return [ok('accepts connections; it has no health check'), ...certificateFindings(findings, seen)];
  }
  const seen = await seeServer(new URL(health.path, target), tls, {
    headers,
    proxyProtocol,
    timeoutMs: withinCheck(health.timeoutMs, timeoutMs),
  });
  const finding = await misunderstood(seen);
  if (finding !== null) return finding;
  if ('failure' in seen) return [unreachable(seen.failure)];
  const passed = seen.status < 400;
  const advice = `Start the services that it depends on, or correct the path under "${setting}.health".`;
  const text = `${health.path} returns ${seen.status}`;
  return [passed ? ok(text) : error(text, advice), ...certificateFindings(findings, seen)];
}

/**
 * A server that does not expect the PROXY protocol responds to the header with 400, or closes the connection, and so does one that
 * misses it. Null: the other way does not work either, or this one does.
 */
async function otherFirstBytes(
  { name, tls, proxyProtocol }: UpstreamConfig,
  seen: SeenServer,
  url: URL,
  method: 'HEAD' | 'GET',
  timeoutMs: number,
): Promise<readonly [finding: string, advice: string] | null> {
  const refused = 'failure' in seen ? closedAtOnce.test(seen.failure) : seen.status === 400;
  if (!refused) return null;
  const version = proxyProtocol === null ? 'v1' : null;
  const other = await seeServer(url, tls, {
    method,
    proxyProtocol: version,
    timeoutMs: withinCheck(1_000, timeoutMs / 4),
  });
  if ('failure' in other || other.status === 400) return null;
  const setting = `"proxyProtocol" under "upstreams.${name}"`;
  return proxyProtocol === null
    ? ['it expects the PROXY protocol', `Set ${setting}, or turn it off in the service.`]
    : ['it does not expect the PROXY protocol', `Turn it on in the service, or remove ${setting}.`];
}

/** Codes of a connection that was closed at its first bytes. A socket that ends has no code. */
const closedAtOnce = /^(?:HPE_|ECONNRESET|EPIPE|EPROTO|ERR_SSL_|Error$)/;

const withoutHttp = /^(?:HPE_|ECONNRESET|EPIPE)/;

/** Advice on a server that responds with something else, or closes the connection; null: it may be slow. */
async function wrongProtocol(failure: string, url: URL, setting: string, timeoutMs: number): Promise<string | null> {
  if (!withoutHttp.test(failure)) return null;
  if (url.protocol === 'http:') {
    const byTls = await connectionFailure(new URL(`https://${url.host}`), null, withinCheck(1_000, timeoutMs / 4));
    if (byTls === null || (certificateCodes.test(byTls) && !byTls.startsWith('ERR_SSL_')))
      return `It speaks TLS: write https instead of http, or correct the port, under "${setting}".`;
  }
  return `It may be another program, such as Redis: correct the port under "${setting}".`;
}

/** Code of the error, or null; only the TLS handshake is sent. */
export function connectionFailure(url: URL, tls: ClientTlsConfig | null, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const secure = url.protocol === 'https:';
    const port = Number(url.port) || (secure ? 443 : 80);
    const socket = secure
      ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...tlsOptions(tls) })
      : connect({ host, port });
    const timer = setTimeout(() => end('timeout'), timeoutMs);
    const end = (failure: string | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(failure);
    };
    socket.once(secure ? 'secureConnect' : 'connect', () => end(null));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.name));
  });
}
