/** Whether each target of an upstream accepts connections, and passes its health check if it has one. */
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Config, UpstreamConfig } from '../../config/config.ts';
import { type Check, type Finding, findingsOf, withinCheck } from './check.ts';
import { certificateFindings, connectionAdvice, seeServer } from './see-server.ts';

export function upstreamChecks({ upstreams }: Config, timeoutMs: number): readonly Check[] {
  return [...upstreams.values()].flatMap((upstream) =>
    upstream.targets.map((target): Check => {
      const subject = `${upstream.name} ${target}`;
      return { group: 'upstreams', subject, run: () => checkTarget(upstream, target, subject, timeoutMs) };
    }),
  );
}

async function checkTarget(
  { name, health, connectTimeoutMs }: UpstreamConfig,
  target: string,
  subject: string,
  timeoutMs: number,
): Promise<readonly Finding[]> {
  const findings = findingsOf('upstreams', subject);
  const { ok, error } = findings;
  const setting = `upstreams.${name}`;
  const unreachable = (failure: string) => error(`no connection (${failure})`, connectionAdvice(failure, setting));
  if (health === null) {
    const failure = await connectionFailure(new URL(target), withinCheck(connectTimeoutMs, timeoutMs));
    return [failure === null ? ok('accepts connections; it has no health check') : unreachable(failure)];
  }
  const seen = await seeServer(new URL(health.path, target), null, withinCheck(health.timeoutMs, timeoutMs));
  if ('failure' in seen) return [unreachable(seen.failure)];
  const passed = seen.status < 400;
  const advice = `Start the services that it depends on, or correct the path under "${setting}.health".`;
  const found = `${health.path} returns ${seen.status}`;
  return [passed ? ok(found) : error(found, advice), ...certificateFindings(findings, seen)];
}

/** Code of the error, or null; only the TLS handshake is sent. */
export function connectionFailure(url: URL, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const secure = url.protocol === 'https:';
    const port = Number(url.port) || (secure ? 443 : 80);
    const socket = secure ? connectTls({ host, port, servername: host }) : connect({ host, port });
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
