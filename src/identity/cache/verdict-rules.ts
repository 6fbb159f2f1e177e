/**
 * The settings that determine the results of a source, as a text. Gateways share verdicts through Redis only if it is equal: with another
 * audience, field mapping or client, one gateway may accept what this one rejects. It excludes secrets, which are rotated, and how a source
 * is called.
 */
import type { ClientTlsConfig } from '../../config/config.ts';
import { type SourceConfig, type SourcesConfig, sessionSource } from '../../config/source-config.ts';

export function verdictRules(name: string, { list, rule }: SourcesConfig): string {
  if (name === sessionSource)
    return JSON.stringify(list.filter(({ name: one }) => rule.sessions.includes(one)).map((one) => rulesOf(one, list)));
  const source = list.find((one) => one.name === name);
  return source === undefined ? '' : JSON.stringify(rulesOf(source, list));
}

/** Everything that is not removed counts, so that a new setting of a source is never forgotten here. */
function rulesOf(source: SourceConfig, list: readonly SourceConfig[]): object {
  if (source.kind === 'jwt') {
    const { timeoutMs: _, whileDisconnected: __, logout: ___, securityEvents: ____, tls, ...rules } = source;
    const introspection = list.find(({ name }) => name === source.introspection);
    return {
      ...rules,
      tls: trust(tls),
      introspection: introspection === undefined ? null : rulesOf(introspection, list),
    };
  }
  if (source.kind === 'session') {
    const { timeoutMs: _, client: __, tls, ...rules } = source;
    return { ...rules, tls: trust(tls) };
  }
  if (source.kind === 'certificate') {
    const { revocationLifeMs: _, whileDisconnected: __, ...rules } = source;
    return rules;
  }
  const { timeoutMs: _, concurrency: __, breaker: ___, tls, urls, ...rules } = source;
  // The order of attempts may differ between replicas.
  const common = { tls: trust(tls), urls: [...urls].sort() };
  switch (rules.kind) {
    case 'authApi': {
      const { gatewaySecret: _secret, embedded = false, ...own } = rules;
      // It has a different address in each process.
      return embedded ? { ...own, tls: null, urls: null } : { ...own, ...common };
    }
    case 'introspection': {
      const { client, ...own } = rules;
      return { ...own, ...common, client: { id: client.id, auth: client.auth } };
    }
    case 'userinfo':
      return { ...rules, ...common };
  }
}

function trust(tls: ClientTlsConfig | null): object | null {
  return tls === null ? null : { ca: tls.ca, serverName: tls.serverName };
}
