/** Starts an embedded Auth API on this machine, joined to a process that logs, counts and hears of revocations for it. */
import type { AuthApi } from '../auth-api/auth-api.ts';
import type { CodeMail } from '../auth-api/outbox/outbox.ts';
import type { Config } from '../config/config.ts';
import { connectRedis } from '../redis/connect-redis.ts';
import type { Engine } from './create-engine.ts';

/** Null: none is configured. `onCode` takes codes when the outbox is `console`. */
export async function embedAuthApi(
  config: Config,
  engine: Engine,
  onCode: ((mail: CodeMail) => void) | undefined,
): Promise<AuthApi | null> {
  if (config.authApi.kind !== 'embedded') return null;
  const { createAuthApi } = await import('../auth-api/create-auth-api.ts');
  const { telemetry } = engine;
  const authApi = await createAuthApi({
    settings: config.authApi.embedded,
    log: telemetry.log,
    connectRedis,
    onMail: telemetry.onMail,
    // Before the first configuration is in use nothing is kept.
    onRevoked: (event) => void engine.started()?.resolver.revocations.revoke(event, 'auth-api'),
    ...(onCode === undefined ? {} : { printCode: (mail) => (mail.kind === 'code' ? onCode(mail) : undefined) }),
  });
  telemetry.watchMail(authApi.mailState);
  return authApi;
}
