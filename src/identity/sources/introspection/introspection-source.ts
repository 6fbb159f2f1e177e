/**
 * A source with token introspection (RFC 7662): the token is posted to an endpoint of the authorization server, which returns whether it is
 * active, and its subject. `active: false` rejects it. A status of the endpoint does not concern the token: a 401 means that the gateway
 * itself was not authenticated.
 */
import type { IntrospectionSourceConfig } from '../../../config/source-config.ts';
import type { Credential } from '../../../core/credential/credential.ts';
import type { Rejection } from '../../../core/identity/identity.ts';
import { readIdentity } from '../../../core/identity/read-fields.ts';
import { bindingOf, type Claims, claimsRejected, isIdToken, isObject, otherTokenRejected } from '../claims.ts';
import { readParts } from '../jwt/token-parts.ts';
import type { Protocol } from '../remote/endpoint.ts';
import type { HttpRequest, HttpResponse } from '../remote/http-exchange.ts';
import { invalid, type Judgment, judgeStatus, parseJson, rejected, type Unidentified } from '../remote/judgment.ts';
import { createRemoteSource, type RemoteSourceOptions } from '../remote/remote-source.ts';
import { type Source, tokenOf } from '../source.ts';
import { createAuthenticate, formEncoded } from './authenticate-client.ts';

export interface IntrospectionSourceOptions extends Omit<RemoteSourceOptions, 'kind' | 'protocol'> {
  readonly config: IntrospectionSourceConfig;
}

export function createIntrospectionSource(options: IntrospectionSourceOptions): Source {
  const { name, config, events } = options;
  const settings = `sources.${name}`;
  const authenticate = createAuthenticate(config.client);

  function judgeJson(json: unknown, credential: Credential, nowMs: number): Judgment {
    if (!isObject(json)) return invalid({ kind: 'body', detail: 'expected a JSON object' });
    const { active } = json;
    if (active === false) return rejected('inactive');
    if (active !== true) return invalid({ kind: 'field', detail: 'field "active": expected true or false' });
    // An endpoint also accepts other tokens, which must not be presented to a service.
    const refused =
      otherTokenRejected(json) ??
      (isIdToken(json) ? 'type' : null) ??
      typeRejected(json['token_type'], config.tokenTypeRequired);
    if (refused !== null) return rejected(refused);
    const binding = bindingOf(json);
    if (binding === 'bound') return rejected(binding);
    const rejection = otherSubject(json, credential, config.issuer) ?? claimsRejected(json, config, nowMs);
    if (rejection !== null) return rejected(rejection);
    const { users, fields } = config;
    const { kind } = credential;
    const result = readIdentity(json, { source: name, users, settings, fields, kind, fractions: true, events });
    if ('failure' in result) return invalid(result.failure);
    if (result.identity.expireAtMs <= nowMs) return rejected('expired');
    return { identity: Object.freeze({ ...result.identity, ...binding }) };
  }

  const protocol: Protocol = {
    request: (credential, base) => post(base, tokenOf(credential)),
    judge(response, credential, nowMs) {
      if (response.status !== 200) return ofClient(judgeStatus(response, config.rejectedStatuses, nowMs), response);
      const body = parseJson(response);
      return 'failure' in body ? invalid(body.failure) : judgeJson(body.json, credential, nowMs);
    },
    // Without client credentials: a refusal proves that the endpoint is reachable.
    probe: (base) => ({ method: 'POST', path: base.pathname + base.search, headers: formType, body: 'token=' }),
  };

  async function post(base: URL, token: string): Promise<HttpRequest> {
    const { headers, parameters } = await authenticate(base);
    const form = [['token', token], ['token_type_hint', 'access_token'], ...parameters];
    return {
      method: 'POST',
      path: base.pathname + base.search,
      headers: [...formType, 'accept', 'application/json', ...headers],
      body: form.map(([key = '', value = '']) => `${formEncoded(key)}=${formEncoded(value)}`).join('&'),
    };
  }

  return createRemoteSource({ ...options, kind: 'introspection', protocol });
}

/**
 * Providers also call refresh tokens active, some without any mark of their kind; but `token_type` is only that of access tokens (RFC 7662
 * section 2.2, RFC 6749 section 5.1). Some write what the token is instead of how it is used. An unknown type may demand a proof from the client.
 */
function typeRejected(type: unknown, required: boolean): Rejection | null {
  if (type === undefined || type === null) return required ? 'type' : null;
  const known = required
    ? /^bearer$/i
    : /^(?:bearer|access_token|urn:ietf:params:oauth:token-type:(?:access_token|jwt))$/i;
  return typeof type === 'string' && known.test(type) ? null : 'type';
}

/** The response is about another issuer than configured, or about another issuer or user than the token itself, if it is a JWT. */
function otherSubject({ iss, sub }: Claims, credential: Credential, issuer: string | null): Rejection | null {
  const token = readParts(tokenOf(credential))?.claims ?? {};
  // A response need not name it (RFC 7662 section 2.2); then the token itself must be of the configured issuer.
  const issuers = [iss, issuer ?? undefined, token['iss']].filter((one) => one !== undefined);
  if (issuers.some((one) => one !== issuers[0])) return 'issuer';
  return sub !== undefined && token['sub'] !== undefined && sub !== token['sub'] ? 'claim' : null;
}

/** RFC 7662 section 2.3: such a status concerns the gateway itself. */
function ofClient(judged: Unidentified, { status }: HttpResponse): Unidentified {
  if (judged.failure === null || (status !== 401 && status !== 403)) return judged;
  return { ...judged, failure: { kind: 'status', detail: `status ${status}: the endpoint refuses "client"` } };
}

const formType = ['content-type', 'application/x-www-form-urlencoded'];
