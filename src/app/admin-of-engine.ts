/** The admin port's access to one process. */

import type { DecisionSources } from '../admin/decisions.ts';
import type { ReadyReport } from '../admin/ready-report.ts';
import type { RevocationRequest } from '../admin/revocation-request.ts';
import type { AuthApi } from '../auth-api/auth-api.ts';
import type { Credential, CredentialSources } from '../core/credential/credential.ts';
import { apiKeyOf, bearerOf } from '../core/credential/read-credential.ts';
import type { IdentityResolver } from '../identity/resolver.ts';
import type { Delivery } from '../identity/revocation/revocation-announcer.ts';
import type { RevocationNote } from '../identity/revocation/revocation-events.ts';
import type { MailState } from '../telemetry/auth-api-events.ts';
import type { AdminParts } from './create-admin.ts';
import type { Engine } from './create-engine.ts';
import { type Runtime, sourcesOf } from './create-runtime.ts';
import type { DecisionRecorder } from './record-decisions.ts';

/** Policy tools are loaded when the port is first asked for them: most processes never are. */
const tools = {
  live: () => import('./explain-live.ts'),
  recorded: () => import('./explain-recorded.ts'),
  reach: () => import('./show-reach.ts'),
} as const;

export function adminOf(engine: Engine, authApi: () => AuthApi | null): Omit<AdminParts, 'reload' | 'version'> {
  const { current, telemetry } = engine;
  return {
    config: () => current().config,
    openTlsPort: engine.tlsPorts.openTlsPort,
    draining: () => engine.draining,
    log: telemetry.log,
    metrics: (format) => telemetry.metricsPage(format),
    ready: () => readyOf(engine, authApi()?.mailState() ?? null),
    reach: async (who) => (await tools.reach()).showReach(current().config, who),
    shadow: () => engine.candidate.report(),
    decisions: decisionsOf(engine.recorder, current),
    explain: async (question) => (await tools.live()).explainLive(current(), question),
    identityKeys: () => current().assertion?.keys.published(),
    takeEvent: (sent) => current().takeEvent(sent),
    revoke: (request, source, by) => revokeIn(current(), request, source, by),
    replays: () => current().resolver.replays,
  };
}

/** `recorder`: of this process, or of several. */
export function decisionsOf(
  recorder: Pick<DecisionRecorder, 'find' | 'list'>,
  current: () => Runtime,
): DecisionSources {
  return {
    async find(id) {
      const decision = await recorder.find(id);
      return decision === null ? null : (await tools.recorded()).explainRecorded(current(), decision);
    },
    async list(filter, most) {
      const decisions = await recorder.list(filter, most);
      return decisions.map(({ text }) => JSON.parse(text).request);
    },
  };
}

/** `mail`: null: this process sends none. */
export async function readyOf(
  { draining, current }: Pick<Engine, 'draining' | 'current'>,
  mail: MailState | null,
): Promise<ReadyReport> {
  // During shutdown, the report does not wait for the sources.
  const sources = draining
    ? sourcesOf(current().config, null).list.map(({ name }) => ({ name, reachable: null, failures: [] }))
    : await current().resolver.sourceStatus();
  return {
    configuration: true,
    config: current().config.digest,
    sources,
    readyWithoutSources: current().config.server.readyWithoutSources,
    redis: current().resolver.redisConnected(),
    revocations: isConnected(current()),
    mail: mail === null ? null : !mail.failing,
    identityKeys: hasKeys(current()),
    workers: null,
    draining,
  };
}

/** Null: without Redis there is no other source of revocations to connect to. */
function isConnected({ config, resolver }: Runtime): boolean | null {
  return config.cache.redis === null ? null : resolver.revocations.connection.isConnected(Date.now());
}

function hasKeys({ assertion }: Runtime): boolean | null {
  return assertion === null ? null : assertion.keys.published() !== null;
}

/** Only the keyed names of a credential are passed on. */
async function revokeIn(
  { config, resolver }: Runtime,
  request: RevocationRequest,
  source: 'admin' | 'webhook',
  operator: string | null,
): Promise<Delivery> {
  const { revocations } = resolver;
  const by = operator === null ? {} : { by: operator };
  if (request.kind !== 'credential') return await revocations.revoke(request, source, by);
  const credential = asRead(request.credential, config.credentials);
  const note = { ...by, ...ownerOf(credential, resolver) };
  return await revocations.revoke({ kind: 'credential', lookups: resolver.lookupsOf(credential) }, source, note);
}

/** For the log. Empty: this process does not remember it. No source is called for it, which would delay the revocation. */
function ownerOf(credential: Credential, { knownOwner }: IdentityResolver): RevocationNote {
  const owner = knownOwner(credential);
  if (owner === null) return {};
  const { userId, keyId, sessionId } = owner;
  return { userId, ...(keyId === null ? {} : { keyId }), ...(sessionId === null ? {} : { sessionId }) };
}

/** As in requests: the form of a bearer can make it an API key, and that of an API key a key pair. */
function asRead(credential: Credential, sources: CredentialSources): Credential {
  if (credential.kind !== 'bearer' && credential.kind !== 'apiKey') return credential;
  const read = credential.kind === 'bearer' ? bearerOf(credential.token, sources) : apiKeyOf(credential.key, sources);
  return typeof read === 'string' ? credential : read;
}
