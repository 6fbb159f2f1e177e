/** The port that counts attempts: sign-in mails and failing key checks. One limiter may serve several processes. */

export interface AttemptLimit {
  /** Attempts allowed within the window. */
  readonly attempts: number;
  readonly windowMs: number;
}

export interface AttemptLimiter {
  /** Counts one attempt. Null: allowed; otherwise the seconds until the next one is, at least 1. */
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

const minuteMs = 60_000;

export const defaultAttemptLimits: AttemptLimits = {
  codeTries: 5,
  mailsPerAddress: { attempts: 5, windowMs: 10 * minuteMs },
  mailsPerClient: { attempts: 200, windowMs: 10 * minuteMs },
  failingKeyChecks: { attempts: 10, windowMs: minuteMs },
};
