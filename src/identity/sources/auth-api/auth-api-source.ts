/**
 * A source with the contract of the Auth API: `GET` with the credential in the headers in which clients send it. Only 200 with exactly the
 * contract's JSON accepts a credential, and only a status of `rejectedStatuses` (or `verified: false`, or an expiry in the past) rejects
 * it.
 */
import type { AuthApiSourceConfig } from '../../../config/source-config.ts';
import { FieldReader, type FieldRule, readIdentity } from '../../../core/identity/read-fields.ts';
import { gatewayHeader } from '../../../core/syntax/header-names.ts';
import type { Protocol } from '../remote/endpoint.ts';
import type { HttpRequest, HttpResponse } from '../remote/http-exchange.ts';
import { invalid, type Judgment, judgeStatus, parseJson, rejected } from '../remote/judgment.ts';
import { createRemoteSource, type RemoteSourceOptions } from '../remote/remote-source.ts';
import type { Source } from '../source.ts';

export interface AuthApiSourceOptions extends Omit<RemoteSourceOptions, 'kind' | 'protocol'> {
  readonly config: AuthApiSourceConfig;
  /** Where its keys are in the configuration, for failures. */
  readonly settings: string;
}

export function createAuthApiSource(options: AuthApiSourceOptions): Source {
  // The bundled one, which knows this gateway.
  const passesRightSecrets = (options.config.gatewaySecret ?? null) !== null;
  return createRemoteSource({ ...options, kind: 'authApi', passesRightSecrets, protocol: authApiProtocol(options) });
}

export function authApiProtocol({
  name,
  config,
  settings,
  events,
}: Pick<AuthApiSourceOptions, 'name' | 'config' | 'settings' | 'events'>): Protocol {
  const { paths, headers, users, fields, verified, rejectedStatuses, gatewaySecret = null } = config;
  const own = gatewaySecret === null ? [] : [gatewayHeader, gatewaySecret];
  return {
    request(credential, base) {
      if (credential.kind === 'bearer') {
        return get(base, paths.session, ['authorization', `Bearer ${credential.token}`, ...own]);
      }
      if (credential.kind === 'apiKey') return get(base, paths.keyPair, [headers.apiKey, credential.key, ...own]);
      if (credential.kind !== 'keyPair') throw new TypeError('the Auth API checks no such credential');
      const { apiKey, apiSecret } = credential;
      return get(base, paths.keyPair, [headers.apiKey, apiKey, headers.apiSecret, apiSecret, ...own]);
    },
    judge(response, { kind }, nowMs) {
      if (response.status !== 200) return judgeStatus(response, rejectedStatuses, nowMs);
      const ofKind = kind === 'bearer' ? fields.session : fields.keyPair;
      return judgeBody(response, verified, settings, nowMs, (json) =>
        readIdentity(json, { source: name, users, settings, fields: ofKind, kind, fractions: false, events }),
      );
    },
    probe: (base) => ({ ...get(base, paths.session, []), headers: [] }),
  };
}

function get(base: URL, path: string, headers: readonly string[]): HttpRequest {
  const prefix = base.pathname.replace(/\/+$/, '');
  return { method: 'GET', path: prefix + path, headers: ['accept', 'application/json', ...headers], body: null };
}

function judgeBody(
  response: HttpResponse,
  verified: FieldRule | null,
  settings: string,
  nowMs: number,
  read: (json: unknown) => ReturnType<typeof readIdentity>,
): Judgment {
  const body = parseJson(response);
  if ('failure' in body) return invalid(body.failure);
  const reader = new FieldReader(body.json, settings, false);
  if (reader.read('verified', verified, isBoolean, 'a boolean') === false) return rejected('inactive');
  const result = reader.failure === null ? read(body.json) : { failure: reader.failure };
  if ('failure' in result) return invalid(result.failure);
  return result.identity.expireAtMs <= nowMs ? rejected('expired') : result;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}
