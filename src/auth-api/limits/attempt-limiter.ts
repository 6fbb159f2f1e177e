/** The port that counts attempts: sign-in mails and failing key checks. One limiter may serve several processes. */
import type { AuthApiLimits } from '../../config/config.ts';

export interface AttemptLimit {
  /** Attempts allowed within the window. */
  readonly attempts: number;
  readonly windowMs: number;
}

export interface AttemptLimiter {
  /** Counts one attempt. Null: allowed; otherwise the seconds until the next one is, at least 1. Never rejects. */
  attempt(key: string, limit: AttemptLimit): Promise<number | null>;
}

/** What is limited, and how far. */
export interface AttemptLimits {
  /** Wrong tries of one code. */
  readonly codeTries: number;
  /** Mails to one address. */
  readonly mailsPerAddress: AttemptLimit;
  /** Mails that one client asks for, whatever the address. */
  readonly mailsPerClient: AttemptLimit;
  /** Failing checks of one API key. */
  readonly failingKeyChecks: AttemptLimit;
}

export function attemptLimits(settings: AuthApiLimits): AttemptLimits {
  const { codeTries, mailsPerAddress, mailsPerClient, mailWindowMs, keyFailures, keyWindowMs } = settings;
  return {
    codeTries,
    mailsPerAddress: { attempts: mailsPerAddress, windowMs: mailWindowMs },
    mailsPerClient: { attempts: mailsPerClient, windowMs: mailWindowMs },
    failingKeyChecks: { attempts: keyFailures, windowMs: keyWindowMs },
  };
}
