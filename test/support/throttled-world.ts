/**
 * Gateways that throttle failed authentications, in front of a real Auth API and a service. Everything closes with the
 * test.
 */
import { onTestFinished } from 'vitest';
import { type StartedAuthApi, startAuthApi } from '../integration/auth-api/start-auth-api.ts';
import { authApiSettings } from './auth-api-settings.ts';
import { startRecordingUpstream } from './recording-upstream.ts';
import { type RunningGateway, startGateway } from './running-gateway.ts';

export interface ThrottledWorld {
  readonly authApi: StartedAuthApi;
  gateway(settings?: GatewaySettings): Promise<ThrottledGateway>;
}

export interface GatewaySettings {
  /** Value of `failedAuthentications`. */
  readonly bounds?: string;
  /** Sources besides the Auth API. */
  readonly sources?: string;
  /** Further keys of `cache`. */
  readonly cache?: string;
  /** Further keys of `server`. */
  readonly server?: string;
  /** Where it listens; it is its own trusted proxy. */
  readonly host?: string;
}

export interface ThrottledGateway extends RunningGateway {
  /** Requests `/` with headers. */
  ask(headers: Readonly<Record<string, string>>): Promise<Response>;
  /** Requests `/` as the client at this address or, with null, through a proxy that specifies none. */
  get(client: string | null, headers: Readonly<Record<string, string>>): Promise<Response>;
  reload(settings: GatewaySettings): void;
  /** Calls to the Auth API so far. */
  calls(): Promise<number>;
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
export const pair = (apiKey: string, apiSecret: string) => ({ 'api-key': apiKey, 'api-secret': apiSecret });

export async function startThrottledWorld(): Promise<ThrottledWorld> {
  // The Auth API's own limit of key failures would refuse first.
  const limits = { ...authApiSettings.limits, keyFailures: 1_000 };
  const authApi = await startAuthApi({ settings: { ...authApiSettings, limits } });
  onTestFinished(() => authApi.api.close());
  const upstream = await startRecordingUpstream();
  onTestFinished(() => upstream.close());

  const configOf = ({
    bounds = '{ perClient: 5, perKey: 5 }',
    cache = '',
    sources = '',
    server = '',
    host = '127.0.0.1',
  }: GatewaySettings) => `version: 1
server:
  listen: "${host.includes(':') ? `[${host}]` : host}:0"
  admin: "127.0.0.1:0"
  trustedProxies: ["${host}"]
  ${server}
  limits: { failedAuthentications: ${bounds} }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
sources: { ${sources} }
cache: { secret: "a secret of at least thirty-two characters"${cache} }
identityHeaders: { user-id: userId, user-source: source }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: authenticated }
`;

  async function gateway(settings: GatewaySettings = {}) {
    const running = await startGateway(configOf(settings));
    onTestFinished(() => running.close());
    const origin = settings.host?.includes(':') === true ? `http://[${settings.host}]:${running.port}` : running.origin;
    // A separate object would lose the getter of "admin".
    return Object.assign(running, {
      reload: (changed: GatewaySettings) => running.apply(configOf(changed)),
      ask: (headers: Readonly<Record<string, string>>) => fetch(origin, { headers }),
      get: (client: string | null, headers: Readonly<Record<string, string>>) =>
        fetch(running.origin, {
          headers: client === null ? headers : { ...headers, 'x-forwarded-for': client },
        }),
      async calls() {
        const lines = (await running.metrics()).matchAll(/^rolegate_auth_api_calls_total\{.*\} (\d+)$/gm);
        return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
      },
    });
  }

  return { authApi, gateway };
}

/** Statuses of so many requests, one after the other. */
export async function statusesOf(count: number, request: (at: number) => Promise<Response>): Promise<number[]> {
  const seen: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const response = await request(at);
    await response.arrayBuffer();
    seen.push(response.status);
  }
  return seen;
}
