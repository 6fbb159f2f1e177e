/** Joins the rooms into the authorizer of an application: decisions, identities and telemetry, without a listener. */
import { stringify } from 'yaml';
import { formatProblems } from '../config/format-problems.ts';
import { loadForApplication } from '../config/load-config.ts';
import type { ConfigResult } from '../config/parse-config.ts';
import type { ConfigProblem } from '../config/yaml/problem.ts';
import { createMiddleware, type Middleware } from '../middleware/create-middleware.ts';
import type { LogDestination } from '../telemetry/log/log-output.ts';
import { createEngine } from './create-engine.ts';

export interface AuthorizerOptions {
  /** For variables in the configuration; if unset, those of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where log lines go; if unset, standard output. */
  readonly logTo?: LogDestination;
}

/** The name of a file, its text, or its content as an object. */
export type AuthorizerSource = string | { readonly text: string } | Readonly<Record<string, unknown>>;

export interface Authorizer extends Omit<Middleware, 'end'> {
  /** Metrics in the text format of Prometheus. */
  metrics(): Promise<string>;
  /** Refuses all further requests, and releases connections, timers and the log. Safe to call twice. */
  close(): Promise<void>;
}

/** `message` contains every problem with its position. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(`the configuration cannot be used\n\n${formatProblems(problems, { color: false })}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Throws `ConfigError`. */
export function createAuthorizer(source: AuthorizerSource, options: AuthorizerOptions = {}): Authorizer {
  const read = load(source, options.env ?? process.env);
  if (!read.ok) throw new ConfigError(read.problems);
  const { config } = read;
  const { limits, trustedProxies } = config.server;
  const engine = createEngine(config, {
    version: 'in process',
    // Writes like the application itself, without a handler at process exit.
    logTo: options.logTo ?? { write: (lines) => process.stdout.write(lines) },
    runtimeMetrics: false,
  });
  // There is no admin port to show records, and the application traces its own requests.
  engine.use({ ...config, records: config.records?.file == null ? null : config.records, tracing: null });
  const { telemetry, shedder } = engine;
  shedder.start();
  const { end, ...middleware } = createMiddleware({
    runtime: engine.current,
    limits,
    trustedProxies,
    observe: telemetry.observe,
    shedder,
  });
  let closing: Promise<void> | null = null;

  async function close(): Promise<void> {
    end();
    await engine.drain();
    await engine.end();
  }

  return {
    ...middleware,
    metrics: () => telemetry.registry.metrics(),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function load(source: AuthorizerSource, env: Readonly<Record<string, string | undefined>>): ConfigResult {
  if (typeof source === 'string') return loadForApplication(source, env);
  const text = 'text' in source && typeof source.text === 'string' ? source.text : stringify(source);
  return loadForApplication({ text }, env);
}
