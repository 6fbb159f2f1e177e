/**
 * The files that a process may open, and how many of them connections of clients may use. Without a bound, a flood of clients would use the
 * last one, and neither services nor sources nor the admin port could be reached.
 */

import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { isRemote } from '../config/source-config.ts';

/** Files of a process besides its connections: its program, logs, Redis, and those of the runtime. */
const otherFiles = 64;
/** Connections of operators, probes and Prometheus to the admin port. */
const adminConnections = 32;

type Connecting = Pick<Config, 'server' | 'authorizer' | 'upstreams' | 'sources' | 'authApi'>;

/** With every connection that the configuration allows. */
export function neededFiles(config: Connecting): number {
  return (
    entrypoints(config) * config.server.limits.connections + connectionsOut(config) + otherFiles + adminConnections
  );
}

/**
 * Connections of clients to each entrypoint that fit within a limit of open files. If it is too small, those to services and sources get at
 * most as many: a connection of a client needs one at a time.
 */
export function connectionsWithin(config: Connecting, limit: number): number {
  const free = Math.max(2, limit - otherFiles - adminConnections);
  const out = Math.min(connectionsOut(config), Math.floor(free / 2));
  const each = Math.max(1, Math.floor((free - out) / entrypoints(config)));
  return Math.min(config.server.limits.connections, each);
}

/** Each accepts as many connections as `server.limits.connections` allows. */
function entrypoints({ server, authorizer }: Connecting): number {
  return server.listeners.length + [authorizer?.listen, authorizer?.grpc].filter((one) => one != null).length;
}

/** To services and sources. */
function connectionsOut({ server, upstreams, sources, authApi }: Connecting): number {
  const pooled = [...upstreams.values()].reduce((sum, one) => sum + one.connections * one.targets.length, 0);
  const streams = [...upstreams.values()].reduce((sum, one) => sum + one.streams, 0);
  const remote = sources.filter(isRemote);
  const toSources =
    remote.reduce((sum, { concurrency, urls }) => sum + (concurrency + 1) * urls.length, 0) +
    (authApi === null ? 0 : (authApi.concurrency + 1) * (authApi.kind === 'remote' ? authApi.urls.length : 1));
  // A connection of a client opens at most one stream.
  return pooled + Math.min(streams, server.limits.connections) + toSources;
}

/** Of this process, which raised it to the hard one at its start; null: it is not known. */
export function openFilesLimit(): number | null {
  const soft = softLimit();
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY;
  const limit = Number(soft);
  return Number.isInteger(limit) && limit > 0 ? limit : null;
}

function softLimit(): unknown {
  try {
    const [, soft] = /^Max open files\s+(\w+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft;
  } catch {
    // Another system than Linux, where this takes longer. Without host names of connections, which it would look up.
    Object.assign(process.report, { excludeNetwork: true });
    const report = process.report.getReport() as { readonly userLimits?: { readonly open_files?: { soft?: unknown } } };
    return report.userLimits?.open_files?.soft;
  }
}
