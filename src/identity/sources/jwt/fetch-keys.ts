/**
 * Fetches the keys of an issuer: from a configured URL, or from the URL in its metadata. A request contains nothing of a token, redirects
 * are not followed, and a response is bounded in bytes and keys.
 */
import type { JWK, LocalJWKSet } from 'jose';
import Agent from 'undici/lib/dispatcher/agent.js';
import type { JwtSourceConfig } from '../../../config/source-config.ts';
import type { SourceFailure } from '../../../core/identity/identity.ts';
import { tlsOptions } from '../../../http1/client/tls-options.ts';
import type { TraceCall } from '../../events.ts';
import { isObject } from '../claims.ts';
import type { HttpRequest } from '../remote/http-exchange.ts';
import { parseJson } from '../remote/judgment.ts';
import { tracedExchange } from '../remote/traced-exchange.ts';

export interface KeyFetcher {
  /** Never rejects. */
  fetch(): Promise<LocalJWKSet | SourceFailure>;
  close(): Promise<void>;
}

/** Providers publish two to four. */
const maxKeys = 64;

export function createKeyFetcher(
  name: string,
  { issuer, keys, timeoutMs, tls }: Pick<JwtSourceConfig, 'issuer' | 'keys' | 'timeoutMs' | 'tls'>,
  traceCall?: TraceCall,
): KeyFetcher {
  const agent = new Agent({
    connections: 1,
    pipelining: 1,
    allowH2: false,
    connect: { ...tlsOptions(tls), timeout: timeoutMs },
  });
  const exchanging = { source: name, dispatcher: agent, traceCall };
  const failureAt = (url: string, kind: SourceFailure['kind'], detail: string): SourceFailure => {
    const { origin, pathname } = new URL(url);
    return { source: name, url: origin + pathname, kind, detail };
  };

  async function getObject(
    url: string,
    deadlineMs: number,
  ): Promise<Readonly<Record<string, unknown>> | SourceFailure> {
    const { origin, pathname, search } = new URL(url);
    const headers = ['accept', 'application/json'];
    const request: HttpRequest = { method: 'GET', path: pathname + search, headers, body: null };
    const result = await tracedExchange(exchanging, origin, request, Math.max(deadlineMs - performance.now(), 1));
    if ('kind' in result) return failureAt(url, result.kind, result.detail);
    if (result.status !== 200) return failureAt(url, 'status', `status ${result.status}`);
    const body = parseJson(result);
    if ('failure' in body) return failureAt(url, body.failure.kind, body.failure.detail);
    return isObject(body.json) ? body.json : failureAt(url, 'body', 'expected a JSON object');
  }

  /** The `jwks_uri` of the metadata, whose issuer must be the configured one (RFC 8414 section 3.3). */
  async function discover(deadlineMs: number): Promise<string | SourceFailure> {
    let first: SourceFailure | null = null;
    for (const url of metadataUrls(issuer)) {
      const metadata = await getObject(url, deadlineMs);
      if (isFailure(metadata)) {
        first ??= metadata;
        // An unreachable host has no metadata elsewhere.
        if (metadata.kind === 'status' || metadata.kind === 'body') continue;
        return first;
      }
      if (metadata['issuer'] !== issuer) return failureAt(url, 'field', 'field "issuer" is not the configured issuer');
      const uri = metadata['jwks_uri'];
      const isUsable = typeof uri === 'string' && mayFetch(uri, issuer);
      return isUsable ? uri : failureAt(url, 'field', 'field "jwks_uri": expected an https URL');
    }
    return first!;
  }

  return {
    async fetch() {
      const deadlineMs = performance.now() + timeoutMs;
      const url = keys.from === 'jwks' ? keys.url : await discover(deadlineMs);
      if (typeof url !== 'string') return url;
      const document = await getObject(url, deadlineMs);
      if (isFailure(document)) return document;
      const list = document['keys'];
      if (!Array.isArray(list) || !list.every(isObject)) {
        return failureAt(url, 'field', 'field "keys": expected a list of JSON Web Keys');
      }
      if (list.length > maxKeys) return failureAt(url, 'field', `field "keys": more than ${maxKeys} keys`);
      const listed: readonly JWK[] = list;
      const usable = listed.filter(verifies);
      // Without a key, each token would be refused as if its client were at fault.
      if (usable.length === 0) return failureAt(url, 'field', 'field "keys" has no public key for signatures');
      try {
        const { createLocalJWKSet } = await import('jose');
        return createLocalJWKSet({ keys: usable });
      } catch {
        return failureAt(url, 'field', 'field "keys": expected a list of JSON Web Keys');
      }
    },
    close: () => agent.destroy(),
  };
}

const asymmetric: ReadonlySet<string> = new Set(['RSA', 'EC', 'OKP', 'AKP']);

/** A public key that may verify signatures (RFC 7517 sections 4.2 and 4.3). Anyone can sign with a private key that is published. */
function verifies({ kty, use, key_ops: operations, d, priv }: JWK): boolean {
  if (kty === undefined || !asymmetric.has(kty) || d !== undefined || priv !== undefined) return false;
  return (use ?? 'sig') === 'sig' && (!Array.isArray(operations) || operations.includes('verify'));
}

export function isFailure(value: object): value is SourceFailure {
  return 'kind' in value && 'detail' in value && 'source' in value;
}

/** The URL of OpenID Connect, then that of RFC 8414, which puts its suffix before the issuer's path. */
function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
}

/** Over TLS, or without it if the issuer's URL has none either. */
function mayFetch(uri: string, issuer: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, username, password } = new URL(uri);
  const secure = protocol === 'https:' || (protocol === 'http:' && new URL(issuer).protocol === 'http:');
  return secure && username === '' && password === '';
}
