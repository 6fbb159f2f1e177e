/** Logs connections that were closed because they do not begin as the PROXY protocol demands. */
import type { HeaderRefusal } from '../proxy-protocol/header-port.ts';
import type { Logger } from '../telemetry/log/logger.ts';

/** Minimum time between two lines of one cause: a proxy without the setting causes one for every connection. */
const quietMs = 60_000;

const advice: Readonly<Record<Exclude<HeaderRefusal, 'silent'>, string>> = {
  peer: 'server.trustedProxies does not list this peer',
  missing: 'the connection did not begin with a header: turn the PROXY protocol on in the proxy, or off here',
  malformed: 'the header is not valid',
  too_long: 'the header is longer than 536 bytes, or in version 1 than 107',
  late: 'the header did not arrive within a second: turn the PROXY protocol on in the proxy, or off here',
  cut: 'the connection ended within its header',
};

export function logRefusedHeaders(log: Pick<Logger, 'warn'>): (refusal: HeaderRefusal, peer: string) => void {
  const loggedAt = new Map<HeaderRefusal, number>();
  return (refusal, peer) => {
    // Checks of a port connect and send nothing.
    if (refusal === 'silent') return;
    const nowMs = performance.now();
    if (nowMs - (loggedAt.get(refusal) ?? -quietMs) < quietMs) return;
    loggedAt.set(refusal, nowMs);
    log.warn({ peer, cause: refusal }, `PROXY protocol: a connection was closed: ${advice[refusal]}`);
  };
}
