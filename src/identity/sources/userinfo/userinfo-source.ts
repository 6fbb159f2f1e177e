/**
 * A source that is the UserInfo endpoint of an OpenID provider (OpenID Connect Core section 5.3): the bearer is sent there, and the
 * response contains its claims. 401 rejects it, and so does a 403 with `insufficient_scope`: such a token may be valid elsewhere, but
 * identifies no user here. Any other 403 may concern the gateway, and is a failure.
 */
import type { UserinfoSourceConfig } from '../../../config/source-config.ts';
import { readIdentity } from '../../../core/identity/read-fields.ts';
import type { Protocol } from '../remote/endpoint.ts';
import { invalid, judgeStatus, parseJson, rejected } from '../remote/judgment.ts';
import { createRemoteSource, type RemoteSourceOptions } from '../remote/remote-source.ts';
import { type Source, tokenOf } from '../source.ts';

export interface UserinfoSourceOptions extends Omit<RemoteSourceOptions, 'kind' | 'protocol'> {
  readonly config: UserinfoSourceConfig;
}

export function createUserinfoSource(options: UserinfoSourceOptions): Source {
  const { name, config, events } = options;
  const settings = `sources.${name}`;
  const get = (base: URL, headers: readonly string[]) => ({
    method: 'GET' as const,
    path: base.pathname + base.search,
    headers: ['accept', 'application/json', ...headers],
    body: null,
  });
  const protocol: Protocol = {
    request: (credential, base) => get(base, ['authorization', `Bearer ${tokenOf(credential)}`]),
    judge(response, { kind }, nowMs) {
      const { status, headers } = response;
      if (status === 403 && lacksScope.test(headers['www-authenticate'] ?? '')) return rejected('scope');
      if (status !== 200) return judgeStatus(response, config.rejectedStatuses, nowMs);
      const body = parseJson(response);
      if ('failure' in body) return invalid(body.failure);
      const { users, fields } = config;
      const result = readIdentity(body.json, { source: name, users, settings, fields, kind, fractions: true, events });
      if ('failure' in result) return invalid(result.failure);
      return result.identity.expireAtMs <= nowMs ? rejected('expired') : result;
    },
    probe: (base) => get(base, []),
  };
  return createRemoteSource({ ...options, kind: 'userinfo', protocol });
}

const lacksScope = /\berror="?insufficient_scope\b/i;
