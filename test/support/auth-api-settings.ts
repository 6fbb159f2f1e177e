/** Settings of an Auth API for tests: in memory, with every default of the configuration. */
import type { AuthApiSettings } from '../../src/config/config.ts';

export const authApiSettings: AuthApiSettings = {
  database: ':memory:',
  secret: 'a secret for these tests, long enough',
  previousSecrets: [],
  selfRegistration: true,
  revealUnknownEmail: true,
  outbox: 'console',
  mail: null,
  sessionLifetimeMs: 86_400_000,
  unverifiedLifetimeMs: 600_000,
  sessionCapMs: 30 * 86_400_000,
  codeLifetimeMs: 600_000,
  recentSignInMs: null,
  limits: {
    codeTries: 5,
    requestsPerClient: 300,
    mailsPerClient: 100,
    mailsPerAddressAndClient: 5,
    mailsPerAddress: 30,
    mailsPerUser: 10,
    mailWindowMs: 600_000,
    failuresPerClient: 100,
    keyFailures: 10,
    keyWindowMs: 60_000,
  },
  redis: null,
  passkeys: null,
  gatewaySecrets: [],
  trustedProxies: () => false,
};
