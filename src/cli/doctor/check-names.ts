/** Whether every host name of the configuration resolves. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Config, RedisConfig } from '../../config/config.ts';
import { type Check, findingsOf } from './check.ts';

/** Look-ups that take longer are worth a warning: each new connection waits for one. */
const slowMs = 500;

export function nameChecks(config: Config): readonly Check[] {
  const usedBy = new Map<string, Set<string>>();
  for (const [host, setting] of hostsOf(config)) {
    const name = host.replace(/^\[|\]$/g, '');
    if (isIP(name) === 0) usedBy.set(name, (usedBy.get(name) ?? new Set()).add(setting));
  }
  return [...usedBy].map(([host, settings]) => ({
    group: 'names',
    subject: host,
    run: () => resolveName(host, [...settings].join(', ')),
  }));
}

async function resolveName(host: string, settings: string) {
  const { ok, warning, error } = findingsOf('names', host);
  const from = performance.now();
  try {
    const found = await lookup(host, { all: true });
    const addresses = found.map(({ address }) => address);
    const more = addresses.length > 3 ? ` and ${addresses.length - 3} more` : '';
    const shown = `${addresses.slice(0, 3).join(', ')}${more}`;
    const tookMs = Math.round(performance.now() - from);
    if (tookMs <= slowMs) return [ok(shown)];
    return [warning(`${shown}, after ${tookMs} ms`, 'Each new connection waits for the name: use a resolver nearby.')];
  } catch (fault) {
    const code = fault instanceof Error && 'code' in fault ? String(fault.code) : '';
    const found = code === 'ENOTFOUND' ? 'does not exist' : `cannot be resolved (${code})`;
    return [error(found, `Correct the host under "${settings}", or the DNS of this machine.`)];
  }
}

function* hostsOf({ authApi, sources, upstreams, cache }: Config): Generator<readonly [host: string, setting: string]> {
  if (authApi?.kind === 'remote') for (const url of authApi.urls) yield [new URL(url).hostname, 'authApi.url'];
  for (const source of sources) {
    const setting = `sources.${source.name}`;
    if (source.kind !== 'jwt') for (const url of source.urls) yield [new URL(url).hostname, setting];
    else if (source.keys.from === 'jwks') yield [new URL(source.keys.url).hostname, setting];
    else if (source.keys.from === 'discovery') yield [new URL(source.issuer).hostname, setting];
  }
  for (const { name, targets } of upstreams.values()) {
    for (const target of targets) yield [new URL(target).hostname, `upstreams.${name}`];
  }
  yield* redisHosts(cache.redis, 'cache.redis');
  if (authApi?.kind === 'embedded') {
    yield* redisHosts(authApi.embedded.redis, 'authApi.embedded.redis');
    const { mail } = authApi.embedded;
    if (mail !== null) yield [mail.smtp.host, 'authApi.embedded.mail'];
  }
}

function* redisHosts(redis: RedisConfig | null, setting: string): Generator<readonly [string, string]> {
  if (redis === null) return;
  const { servers } = redis;
  for (const { host } of servers.kind === 'single' ? [servers] : servers.nodes) yield [host, setting];
}
