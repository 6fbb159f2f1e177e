/** Whether this process can take requests, and what it depends on. */
import type { SourceFailure } from '../core/identity/identity.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';

export interface ReadyReport {
  /** A configuration is in use. A refused reload leaves the last good one, which counts. */
  readonly configuration: boolean;
  /** The Auth API can be reached. */
  readonly authApi: boolean;
  /** What fails at its URLs: shown only with the admin token. */
  readonly authApiFailures: readonly SourceFailure[];
  /** For information only, as Redis down is a miss and no refusal; null when none is configured. */
  readonly redis: boolean | null;
  /** Whether this process is connected to revocations; for information only, as verdicts are short-lived while it is not. */
  readonly revocations: boolean | null;
  /** For information only, as credentials are checked without mail; null when none is sent from here. */
  readonly mail: boolean | null;
  /** Processes that serve, and that should; null: this one alone. One that is being restarted leaves the others ready. */
  readonly workers: { readonly serving: number; readonly wanted: number } | null;
  /** The process is ending and takes no new requests. */
  readonly draining: boolean;
}

/** Null when ready; otherwise the first thing that is missing. */
export function whyNotReady(report: ReadyReport): ReasonCode | null {
  if (report.draining) return 'draining';
  if (!report.configuration || report.workers?.serving === 0) return 'not_ready';
  return report.authApi ? null : 'auth_unavailable';
}

/** The `checks` of the JSON body. */
export function readyChecks(report: ReadyReport): Record<string, string> {
  const word = (up: boolean | null) => (up === null ? 'not configured' : up ? 'ok' : 'down');
  return {
    configuration: word(report.configuration),
    // It may well be up, but a process that is ending does not wait for it.
    authApi: report.draining ? 'not checked' : word(report.authApi),
    redis: word(report.redis),
    revocations: word(report.revocations),
    mail: word(report.mail),
    ...(report.workers === null ? {} : { workers: `${report.workers.serving} of ${report.workers.wanted}` }),
    draining: report.draining ? 'yes' : 'no',
  };
}
