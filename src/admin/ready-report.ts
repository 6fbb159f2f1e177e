/** Whether this process can serve requests, and its dependencies. */
import type { SourceFailure } from '../core/identity/identity.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';

export interface ReadyReport {
  /** A configuration is in use. After a refused reload the last good one remains, which counts. */
  readonly configuration: boolean;
  /** Digest of the one in use. */
  readonly config?: string;
  /** The last configuration, if it was refused; null or unset: it is in use. */
  readonly refusedReload?: RefusedReload | null;
  /** The sources of credentials. */
  readonly sources: readonly SourceReport[];
  /** `server.readyWithoutSources`: the process is ready also while none of them is reachable. */
  readonly readyWithoutSources: boolean;
  /** For information only, because without Redis there are misses, not refusals; null if none is configured. */
  readonly redis: boolean | null;
  /** Whether this process is connected to revocations; for information only, because verdicts are short-lived while it is not. */
  readonly revocations: boolean | null;
  /** For information only, because credentials are checked without mail; null if this process sends none. */
  readonly mail: boolean | null;
  /** There is a signing key for identities; null: none are signed. */
  readonly identityKeys: boolean | null;
  /** Processes that serve, and that should; null: this one alone. One that is being restarted leaves the others ready. */
  readonly workers: { readonly serving: number; readonly wanted: number } | null;
  /** The process is ending and accepts no new requests. */
  readonly draining: boolean;
}

/** Shown only with the admin token. */
export interface RefusedReload {
  /** ISO 8601. */
  readonly at: string;
  /** The first problem, with its place. */
  readonly cause: string;
  /** Of all problems. */
  readonly count: number;
}

export interface SourceReport {
  readonly name: string;
  /** Null: not checked, because the process is ending and does not wait for it. */
  readonly reachable: boolean | null;
  /** What fails at its URLs: shown only with the admin token. */
  readonly failures: readonly SourceFailure[];
}

/** Null if ready; otherwise the first missing dependency. */
export function whyNotReady(report: ReadyReport): ReasonCode | null {
  if (report.draining) return 'draining';
  if (!report.configuration || report.workers?.serving === 0) return 'not_ready';
  if (report.identityKeys === false) return 'signing_key_missing';
  if (report.readyWithoutSources) return null;
  return report.sources.some(({ reachable }) => reachable === true) ? null : 'auth_unavailable';
}

/** The `checks` of the JSON body. */
export function readyChecks(report: ReadyReport): Record<string, string> {
  const word = (up: boolean | null) => (up === null ? 'not configured' : up ? 'ok' : 'down');
  return {
    configuration: report.configuration && report.refusedReload ? 'ok, reload refused' : word(report.configuration),
    ...Object.fromEntries(
      report.sources.map(({ name, reachable, failures }) => [
        name === 'authApi' ? name : `sources.${name}`,
        reachable === null ? 'not checked' : reachable && failures.length > 0 ? 'failing' : word(reachable),
      ]),
    ),
    redis: word(report.redis),
    revocations: word(report.revocations),
    mail: word(report.mail),
    ...(report.identityKeys === null ? {} : { identityKeys: word(report.identityKeys) }),
    ...(report.workers === null ? {} : { workers: `${report.workers.serving} of ${report.workers.wanted}` }),
    draining: report.draining ? 'yes' : 'no',
  };
}
