/** Settings that a running process keeps until its next start. */
import type { Config } from '../config/config.ts';

/** Names of such settings that differ. */
export function needsRestart(current: Config, next: Config): string[] {
  const fixed: [string, unknown, unknown][] = [
    ['server.listen', listeners(current), listeners(next)],
    ['authorizer.listen', current.authorizer?.listen, next.authorizer?.listen],
    ['authorizer.grpc', grpc(current), grpc(next)],
    ['server.workers', current.server.workers, next.server.workers],
    ['server.admin', current.server.admin, next.server.admin],
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

/** The same of addresses for clients. */
function listeners({ server }: Config): unknown {
  return server.listeners.map(({ address, tls, proxyProtocol }) => ({ address, tls: tls !== null, proxyProtocol }));
}

function embedded(config: Config): unknown {
  return config.authApi?.kind === 'embedded' ? config.authApi.embedded : null;
}
