/**
 * A worker: it runs the commands of its supervisor. It reads no files and ignores signals, because a terminal or a service manager sends
 * those to every process of a group. When the supervisor is gone, it finishes its requests and ends.
 */
import type { Config } from '../../config/config.ts';
import type { ConfigSource } from '../../config/config-files.ts';
import { parseSource } from '../../config/load-config.ts';
import { readyOf } from '../admin-of-engine.ts';
import { createEngine, type Engine } from '../create-engine.ts';
import { ListenError } from '../listen-error.ts';
import { needsRestart } from '../needs-restart.ts';
import { announceToSiblings } from './announce-to-siblings.ts';
import { Channel } from './channel.ts';
import { recordsToSupervisor } from './records-to-supervisor.ts';
import { shareOf } from './share-limits.ts';
import { type Command, command, delivery, endNotice, type Start } from './worker-messages.ts';

export interface WorkerLink {
  send(message: object, sent: () => void): boolean;
  onMessage(take: (message: unknown) => void): void;
  onGone(gone: () => void): void;
}

export interface WorkerOptions {
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly link: WorkerLink;
}

/** The wait for a supervisor ends after this time. */
const maxAnnounceMs = 10_000;

/** Resolves when it has ended. */
export function runWorker({ version, env, link }: WorkerOptions): Promise<void> {
  return new Promise((resolve) => {
    let engine: Engine | null = null;
    let first: Config | null = null;
    let started: Start | null = null;
    let ending = false;

    const channel = new Channel({
      send: (message) => link.send(message, () => {}),
      respond: (body) => respond(command.parse(body)),
      notice: (body) => {
        const notice = endNotice.safeParse(body);
        if (notice.data?.do === 'announceEnd') engine?.announceEnd();
        else if (notice.data?.do === 'drain') void end();
        return notice.success;
      },
      broken: () => void end(),
    });
    link.onMessage((message) => channel.receive(message));
    link.onGone(() => {
      channel.close();
      void end();
    });

    const siblings = announceToSiblings(async (revocation) => {
      const late = Promise.withResolvers<'undelivered'>();
      const timer = setTimeout(() => late.resolve('undelivered'), maxAnnounceMs);
      const announced = channel.request({ do: 'revoked', revocation }).then(
        (response) => delivery.safeParse(response).data?.delivery ?? 'undelivered',
        () => 'undelivered' as const,
      );
      const delivered = await Promise.race([announced, late.promise]);
      clearTimeout(timer);
      return delivered;
    });

    async function respond(message: Command): Promise<object> {
      switch (message.do) {
        case 'start':
          return await start(message);
        case 'use':
          return { failed: attempt(() => use(message.source)) };
        case 'compare':
          return { failed: attempt(() => engine?.compare(read(message.source))) };
        case 'revoke':
          engine?.started()?.resolver.revocations.receive(message.revocation);
          return {};
        case 'ping':
          return {};
        case 'metrics':
          return engine === null ? [] : await engine.telemetry.metricValues();
        case 'ready':
          return engine?.started() == null ? notReady : await readyOf(engine, null);
        case 'shadow':
          return engine?.candidate.report() ?? {};
        case 'find': {
          const decision = (await engine?.recorder.find(message.id)) ?? null;
          return { kept: decision === null ? [] : [decision] };
        }
        case 'list':
          return { kept: (await engine?.recorder.list(message.filter, message.most)) ?? [] };
      }
    }

    async function start(begin: Start): Promise<object> {
      started = begin;
      try {
        const config = shared(read(begin.first));
        first = config;
        engine = createEngine(config, {
          version,
          worker: begin.worker,
          siblings,
          openFile:
            ({ decisionEvents }) =>
            () =>
              recordsToSupervisor(notify, () => decisionEvents.recorded('unwritten')),
        });
        if (begin.authApi !== null) engine.authApiAt(begin.authApi);
        use(begin.source ?? begin.first);
        engine.current().resolver.revocations.tombstones.restore(begin.tombstones);
        if (begin.candidate !== null) engine.compare(read(begin.candidate));
        const listening = begin.listen.length === 0 ? [] : await engine.listen(begin.listen, true);
        if (config.authorizer !== null) await engine.listenForChecks(begin.checks, true);
        return { listening };
      } catch (error) {
        return { failed: error instanceof ListenError ? error.message : `rolegate: ${String(error)}` };
      }
    }

    function use(source: ConfigSource): void {
      if (engine === null || first === null) throw new Error('a worker must begin before it can continue');
      const next = shared(read(source));
      // An embedded Auth API starts and ends with the supervisor.
      const kept = needsRestart(first, next).includes('authApi.embedded');
      engine.use(kept ? { ...next, authApi: first.authApi } : next);
    }

    function read(source: ConfigSource): Config {
      const result = parseSource(source, env);
      if (!result.ok) throw new Error(result.problems[0]?.message ?? 'this configuration cannot be used');
      return result.config;
    }

    function shared(config: Config): Config {
      if (started === null) throw new Error('a worker must begin before it can continue');
      const { workers, cacheSecret } = started;
      const secret = config.cache.secret ?? cacheSecret;
      return shareOf({ ...config, cache: { ...config.cache, secret } }, workers);
    }

    function notify(body: object, sent: () => void): void {
      link.send({ kind: 'notice', body }, sent);
    }

    async function end(): Promise<void> {
      if (ending) return;
      ending = true;
      await engine?.drain();
      await engine?.end();
      channel.close();
      resolve();
    }
  });
}

const notReady = {
  configuration: false,
  sources: [],
  redis: null,
  revocations: null,
  mail: null,
  readyWithoutSources: false,
  identityKeys: null,
  workers: null,
  draining: false,
};

/** Why it failed, or null. */
function attempt(job: () => void): string | null {
  try {
    job();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
