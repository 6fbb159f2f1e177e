/**
 * The Auth API behind a gateway in this process: embedded in it, or as a separate process at a URL in its
 * configuration.
 */
import { setTimeout as pass } from 'node:timers/promises';
import { createGateway } from '../../../src/app/create-gateway.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { pageOrigin, type SeenMail, type StartTarget, suiteUsers, type Target } from './target.ts';

const secret = 'a secret for this suite, long enough';

export const startEmbedded: StartTarget = async (settings) => {
  const { gateway, baseUrl, mails } = await startGateway(`{
    embedded: {
      database: ":memory:", secret: "${secret}", outbox: console,
      passkeys: { origin: "${pageOrigin}", name: Example },
      selfRegistration: ${settings.selfRegistration ?? true}, revealUnknownEmail: ${settings.revealUnknownEmail ?? true}
    }
  }`);
  const { authApi } = gateway;
  if (authApi === null) throw new Error('nothing embedded');
  for (const user of suiteUsers) await authApi.createUser(user);
  return { baseUrl, mails: async () => mails, advance, takeRevoked: null, close: () => gateway.close() };
};

/** A gateway in front of a running target; closes both. */
export async function putGatewayBefore(target: Target): Promise<Target> {
  const { gateway, baseUrl } = await startGateway(`{ url: "${target.baseUrl}" }`);
  return {
    baseUrl,
    mails: target.mails,
    advance: target.advance,
    takeRevoked: target.takeRevoked,
    async close() {
      await gateway.close();
      await target.close();
    },
  };
}

async function advance(durationMs: number): Promise<void> {
  await pass(durationMs);
}

async function startGateway(authApi: string) {
  const text = `
version: 1
server: { listen: "127.0.0.1:0", admin: false }
log: { level: silent }
authApi: ${authApi}
routes:
  - { id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
  - { id: health, match: { path: "/health/**" }, upstream: auth-api, access: public }
`;
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(read.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  const mails: SeenMail[] = [];
  const gateway = createGateway(read.config, { version: 'test', onCode: (mail) => mails.push(mail) });
  const { listen } = await gateway.start();
  return { gateway, baseUrl: `http://127.0.0.1:${listen!.port}`, mails };
}
