/** Whether every host name of a configuration resolves. */

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { postgresUrl } from '../../auth-api/store/open-store.ts';
import type { AuthApiSettings, Config, RedisConfig } from '../../config/config.ts';
import { isRemote } from '../../config/source-config.ts';
import { githubApi } from '../../sign-in/github-api.ts';
import { type Check, findingsOf } from './check.ts';

/** Look-ups that take longer are worth a warning: each new connection waits for one. */
const slowMs = 500;

type Host = readonly [host: string, setting: string];

export function nameChecks(hosts: Iterable<Host>): readonly Check[] {
  const usedBy = new Map<string, Set<string>>();
  for (const [host, setting] of hosts) {
    const name = host.replace(/^\[|\]$/g, '');
    if (name !== '' && isIP(name) === 0) usedBy.set(name, (usedBy.get(name) ?? new Set()).add(setting));
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
    const results = await lookup(host, { all: true });
    const addresses = results.map(({ address }) => address);
    const more = addresses.length > 3 ? ` and ${addresses.length - 3} more` : '';
    const text = `${addresses.slice(0, 3).join(', ')}${more}`;
    const tookMs = Math.round(performance.now() - from);
    if (tookMs <= slowMs) return [ok(text)];
    return [
      warning(`${text}, after ${tookMs} ms`, 'Each new connection waits for the resolution: use a nearby resolver.'),
    ];
  } catch (fault) {
    const code = fault instanceof Error && 'code' in fault ? String(fault.code) : '';
    const problem = code === 'ENOTFOUND' ? 'does not exist' : `cannot be resolved (${code})`;
    return [error(problem, `Correct the host under "${settings}", or the DNS of this machine.`)];
  }
}

/** Without those of an embedded Auth API. */
export function* hostsOfGateway({ authApi, sources, upstreams, cache }: Config): Generator<Host> {
  if (authApi?.kind === 'remote') for (const url of authApi.urls) yield [new URL(url).hostname, 'authApi.url'];
  for (const source of sources) {
    const setting = `sources.${source.name}`;
    if (isRemote(source)) for (const url of source.urls) yield [new URL(url).hostname, setting];
    else if (source.kind === 'session') {
      const urls = [source.issuer, ...(source.protocol === 'github' ? [githubApi(source.issuer)] : [])];
      for (const url of urls) yield [new URL(url).hostname, `signIn.providers.${source.name}`];
    } else if (source.kind === 'certificate') continue;
    else if (source.keys.from === 'jwks') yield [new URL(source.keys.url).hostname, setting];
    else if (source.keys.from === 'discovery') yield [new URL(source.issuer).hostname, setting];
  }
  for (const { name, targets } of upstreams.values()) {
    for (const target of targets) yield [new URL(target).hostname, `upstreams.${name}`];
  }
  yield* redisHosts(cache.redis, 'cache.redis');
}

/** `at`: prefix of its keys. */
export function* hostsOfAuthApi({ database, redis, mail }: AuthApiSettings, at: string): Generator<Host> {
  if (postgresUrl.test(database)) yield [new URL(database).hostname, `${at}database`];
  yield* redisHosts(redis, `${at}redis`);
  if (mail !== null) yield [mail.smtp.host, `${at}mail`];
}

function* redisHosts(redis: RedisConfig | null, setting: string): Generator<Host> {
  if (redis === null) return;
  const { servers } = redis;
  for (const { host } of servers.kind === 'single' ? [servers] : servers.nodes) yield [host, setting];
}
