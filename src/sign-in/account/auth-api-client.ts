/** Calls of the gateway's own pages to the embedded Auth API, in the name of the browser whose address and device they state. */
import Agent from 'undici/lib/dispatcher/agent.js';
import type { Language } from '../../core/request/preferred-language.ts';
import { gatewayHeader } from '../../core/syntax/header-names.ts';
import { exchange, type HttpRequest } from '../../identity/sources/remote/http-exchange.ts';

export interface AuthApiPlace {
  readonly urls: readonly string[];
  /** Lets it trust the stated address; null: it shares the budgets of this machine. */
  readonly gatewaySecret: string | null;
}

/** Who calls: the mail with a code and the list of sessions show address and browser, and mail is in this language. */
export interface Caller {
  readonly address: string;
  readonly userAgent: string;
  readonly language: Language;
}

export interface AuthApiCall {
  readonly method: HttpRequest['method'];
  /** Below the base path. */
  readonly path: string;
  readonly bearer?: string;
  readonly body?: object;
  /** Unset: the gateway itself. */
  readonly caller?: Caller;
}

export interface AuthApiResponse {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  /** Seconds; null: not stated. */
  readonly retryAfterS: number | null;
}

/** It does not respond, or failed itself: nothing is known about a code or a bearer. */
export class AuthApiUnavailable extends Error {
  override readonly name = 'AuthApiUnavailable';
}

export interface AuthApiClient {
  /** Rejects with `AuthApiUnavailable`. */
  call(call: AuthApiCall): Promise<AuthApiResponse>;
  close(): Promise<void>;
}

const basePath = '/api/auth/v2';
const maxConnections = 8;
const timeoutMs = 5_000;

export function createAuthApiClient({ urls, gatewaySecret }: AuthApiPlace): AuthApiClient {
  const agent = new Agent({ connections: maxConnections, pipelining: 1, allowH2: false });
  return {
    async call({ method, path, bearer, body, caller }) {
      const headers = [
        ...['accept', 'application/json', 'content-type', 'application/json'],
        ...(gatewaySecret === null ? [] : [gatewayHeader, gatewaySecret]),
        ...(bearer === undefined ? [] : ['authorization', `Bearer ${bearer}`]),
        ...(caller === undefined ? [] : callerHeaders(caller)),
      ];
      const request = {
        method,
        path: basePath + path,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
      };
      const result = await exchange(agent, request, timeoutMs, urls[0] ?? '');
      // Without the query, which may contain an address: the error is logged.
      const called = `${method} ${path.split('?', 1)[0]}`;
      if ('kind' in result) throw new AuthApiUnavailable(`${called}: ${result.kind}, ${result.detail}`);
      if (result.status >= 500) throw new AuthApiUnavailable(`${called}: status ${result.status}`);
      const retryAfter = Number(result.headers['retry-after']);
      return {
        status: result.status,
        json: readJson(result.body),
        retryAfterS: Number.isInteger(retryAfter) && retryAfter >= 0 ? retryAfter : null,
      };
    },
    close: () => agent.destroy(),
  };
}

function callerHeaders({ address, userAgent, language }: Caller): string[] {
  return [
    ...['accept-language', language],
    ...(address === '' ? [] : ['x-forwarded-for', address]),
    ...(/^[\x20-\x7e]+$/.test(userAgent) ? ['user-agent', userAgent.slice(0, 300)] : []),
  ];
}

function readJson(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(body.toString('utf8'));
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
