/** Brings the configured sources to life, and finds the one of a credential. */
import type { SourceConfig, SourcesConfig } from '../../config/source-config.ts';
import type { Credential } from '../../core/credential/credential.ts';
import type { IdentityEvents } from '../events.ts';
import { createAuthApiSource } from './auth-api/auth-api-source.ts';
import type { SourceEvents } from './remote/remote-source.ts';
import { selectSource } from './select-source.ts';
import type { Source, SourceStatus } from './source.ts';

export interface Sources {
  /** Null: none is configured for credentials of this form. */
  of(credential: Credential): Source | null;
  /** Longest time of a check. */
  readonly timeoutMs: number;
  /** Checks of all sources at once. */
  readonly concurrency: number;
  status(): Promise<readonly NamedStatus[]>;
  close(): Promise<void>;
}

export interface NamedStatus extends SourceStatus {
  readonly name: string;
}

export interface SourcesOptions {
  readonly config: SourcesConfig;
  readonly events: SourceEvents & Pick<IdentityEvents, 'sources'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function createSources({ config, events, now }: SourcesOptions): Sources {
  events.sources(new Map(config.list.map(({ name, urls }) => [name, urls.length])));
  const sources = new Map(config.list.map((one) => [one.name, create(one)]));

  function create(one: SourceConfig): Source {
    return createAuthApiSource({ name: one.name, settings: settingsOf(one), config: one, events, now });
  }

  return {
    of(credential) {
      const { source } = selectSource(credential, config.rule);
      return source === null ? null : (sources.get(source) ?? null);
    },
    timeoutMs: Math.max(0, ...config.list.map(({ timeoutMs }) => timeoutMs)),
    concurrency: config.list.reduce((sum, { concurrency }) => sum + concurrency, 0),
    status: () =>
      Promise.all([...sources.values()].map(async (source) => ({ name: source.name, ...(await source.status()) }))),
    async close() {
      await Promise.all([...sources.values()].map((source) => source.close()));
    },
  };
}

/** Where the keys of a source are. */
function settingsOf({ name, short }: SourceConfig): string {
  return short ? name : `sources.${name}`;
}
