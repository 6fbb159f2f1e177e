/** Settings that a running process keeps until its next start. */
import type { Config } from '../config/config.ts';

/** Names of such settings that differ. */
export function needsRestart(current: Config, next: Config): string[] {
  const fixed: [string, unknown, unknown][] = [
    ['server.listen', listeners(current), listeners(next)],
    ['authorizer.listen', checks(current), checks(next)],
    ['authorizer.grpc', grpc(current), grpc(next)],
    ['server.workers', current.server.workers, next.server.workers],
    ['server.admin', admin(current), admin(next)],
    ['server.limits', current.server.limits, next.server.limits],
    ['log', current.log, next.log],
    ['authApi.embedded', embedded(current), embedded(next)],
  ];
  return fixed.filter(([, a, b]) => JSON.stringify(a) !== JSON.stringify(b)).map(([name]) => name);
}

/** Certificates are reloaded; whether TLS is used is fixed. */
function grpc({ authorizer }: Config): unknown {
  if (authorizer === null || authorizer.grpc === null) return null;
  return { ...authorizer.grpc, tls: authorizer.grpc.tls !== null };
}

/** The same of checks over HTTP, of the admin port, and of addresses for clients. */
function checks({ authorizer }: Config): unknown {
  return authorizer === null ? null : { listen: authorizer.listen, tls: authorizer.tls !== null };
}

function admin({ server }: Config): unknown {
  return { address: server.admin, tls: server.adminTls !== null };
}

function listeners({ server }: Config): unknown {
  return server.listeners.map(({ address, tls, http2, proxyProtocol }) => ({
    address,
    tls: tls !== null,
    http2,
    proxyProtocol,
  }));
}

function embedded(config: Config): unknown {
  return config.authApi?.kind === 'embedded' ? config.authApi.embedded : null;
}
