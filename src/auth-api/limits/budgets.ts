/**
 * The table of what the Auth API counts: which events, by which key, how many within which time, and what that protects.
 * `docs/reference/auth-api.md` shows it; the limiter knows no other budget. A client is an IPv4 address or a /64 network of IPv6; an
 * address is compared without case and without its sub-address (`ana+shop@` is `ana@`).
 */
import type { AuthApiLimits } from '../../config/config.ts';

export interface BudgetRow {
  readonly counts: string;
  readonly per: string;
  /** A setting under `limits`, or a fixed number. */
  readonly attempts: keyof AuthApiLimits | number;
  readonly windowMs: keyof AuthApiLimits | number;
  /** Beyond the attempts: refused until the window ends, or one at a time with growing waits. */
  readonly beyond: 'refuse' | 'slow';
  readonly protects: string;
}

export interface Budget {
  readonly attempts: number;
  readonly windowMs: number;
  readonly slow: boolean;
}

const day = 86_400_000;

/**
 * The waits of `slow` double: each equals the time for which attempts have lasted, at least 30 s. So a year allows some 20 attempts beyond
 * the free ones: below the 100 consecutive failures of NIST SP 800-63B section 3.2.2.
 */
export const firstWaitMs = 30_000;
const year = 365 * day;

/** How long a network counts as familiar, and a device as known, to an account that has signed in there. */
export const familiarMs: number = 90 * day;

export const budgetRows = {
  requestsPerClient: {
    counts: 'sign-ins and registrations, with or without mail',
    per: 'client',
    attempts: 'requestsPerClient',
    windowMs: 'mailWindowMs',
    beyond: 'refuse',
    protects: 'the database, and addresses from being tried',
  },
  mailsPerAddressAndClient: {
    counts: 'mails for sign-ins and for addresses that are not verified yet',
    per: 'address and client, or user',
    attempts: 'mailsPerAddressAndClient',
    windowMs: 'mailWindowMs',
    beyond: 'refuse',
    protects: 'a mailbox from one sender',
  },
  mailsPerClient: {
    counts: 'mails for sign-ins, unless the device is known, and for registrations',
    per: 'client',
    attempts: 'mailsPerClient',
    windowMs: 'mailWindowMs',
    beyond: 'refuse',
    protects: 'the mail server and its reputation',
  },
  mailsPerAddress: {
    counts: 'mails for sign-ins, unless the client is familiar, and for addresses that are not verified yet',
    per: 'address',
    attempts: 'mailsPerAddress',
    windowMs: 'mailWindowMs',
    beyond: 'refuse',
    protects: 'a mailbox from many senders',
  },
  mailsPerUser: {
    counts: 'codes that a signed-in user requests, or a known device of the user',
    per: 'user',
    attempts: 'mailsPerUser',
    windowMs: 'mailWindowMs',
    beyond: 'refuse',
    protects: 'mailboxes and the mail server; no other user can use it up',
  },
  failuresPerAccountAndClient: {
    counts: 'failed verifications since the last success',
    per: 'account and client',
    attempts: 10,
    windowMs: year,
    beyond: 'slow',
    protects: 'codes from being guessed',
  },
  failuresPerAccount: {
    counts: 'failed verifications since the last success, unless the client is familiar',
    per: 'account',
    attempts: 50,
    windowMs: year,
    beyond: 'slow',
    protects: 'codes from being guessed by many clients',
  },
  failuresPerClient: {
    counts: 'failed verifications, unless the client is familiar',
    per: 'client',
    attempts: 'failuresPerClient',
    windowMs: day,
    beyond: 'slow',
    protects: 'the codes of many accounts from one client',
  },
  failuresPerKey: {
    counts: 'failed checks of an API key; the right secret still passes',
    per: 'API key',
    attempts: 'keyFailures',
    windowMs: 'keyWindowMs',
    beyond: 'refuse',
    protects: 'API secrets from being guessed',
  },
  extensionsPerSession: {
    counts: 'extensions',
    per: 'session',
    attempts: 10,
    windowMs: 600_000,
    beyond: 'refuse',
    protects: 'the database',
  },
} as const satisfies Readonly<Record<string, BudgetRow>>;

export type BudgetName = keyof typeof budgetRows;
export type Budgets = Readonly<Record<BudgetName, Budget>>;

export function compileBudgets(limits: AuthApiLimits): Budgets {
  const number = (of: keyof AuthApiLimits | number) => (typeof of === 'number' ? of : limits[of]);
  const budgets = Object.entries<BudgetRow>(budgetRows).map(
    ([name, { attempts, windowMs, beyond }]): [string, Budget] => [
      name,
      { attempts: number(attempts), windowMs: number(windowMs), slow: beyond === 'slow' },
    ],
  );
  return Object.fromEntries(budgets) as Record<BudgetName, Budget>;
}
