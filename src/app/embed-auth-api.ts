/** Starts an embedded Auth API on this machine, connected to a process that logs, counts and receives revocations for it. */
import { randomBytes } from 'node:crypto';
import type { AuthApi } from '../auth-api/auth-api.ts';
import type { CodeMail } from '../auth-api/outbox/outbox.ts';
import type { Config } from '../config/config.ts';
import { connectRedis } from '../redis/connect-redis.ts';
import type { Engine } from './create-engine.ts';

export interface EmbeddedAuthApi {
  readonly authApi: AuthApi;
  /** For the other processes of this gateway. */
  readonly access: { readonly urls: readonly string[]; readonly gatewaySecret: string };
}

/**
 * Null: none is configured. `onCode` receives codes if the outbox is `console`; if unset, they are log lines. It listens on this machine,
 * where other processes can reach it too, so it trusts the gateway's client addresses by a secret that only the gateway has.
 */
export async function embedAuthApi(
  config: Config,
  engine: Engine,
  onCode: ((mail: CodeMail) => void) | undefined,
): Promise<EmbeddedAuthApi | null> {
  if (config.authApi?.kind !== 'embedded') return null;
  const { createAuthApi } = await import('../auth-api/create-auth-api.ts');
  const { telemetry } = engine;
  const gatewaySecret = randomBytes(32).toString('base64url');
  const authApi = await createAuthApi({
    settings: { ...config.authApi.embedded, gatewaySecrets: [gatewaySecret] },
    log: telemetry.log,
    connectRedis,
    onMail: telemetry.onMail,
    traceRequest: engine.traceAuthApi,
    onForwardedIgnored: telemetry.onForwardedIgnored,
    // Before the first configuration is in use, nothing is cached.
    onRevoked: (event) => void engine.started()?.resolver.revocations.revoke(event, 'auth-api'),
    ...(onCode === undefined ? {} : { printCode: (mail) => (mail.kind === 'code' ? onCode(mail) : undefined) }),
  });
  telemetry.watchMail(authApi.mailState);
  const { port } = await authApi.listen({ host: '127.0.0.1', port: 0 });
  const access = { urls: [`http://127.0.0.1:${port}`], gatewaySecret };
  engine.authApiAt(access);
  return { authApi, access };
}
