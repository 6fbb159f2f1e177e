/** Creates the compiled settings of the Auth API, from either location of its keys. */
import { compileTrustedProxies } from '../core/syntax/addresses.ts';
import type { AuthApiSecrets, OwnKey } from './checks/check-auth-settings.ts';
import type { RedisAccess } from './checks/check-redis.ts';
import type { AuthApiSettings, MailConfig, RedisConfig, TracingConfig } from './config.ts';
import type { PasskeySettings } from './passkey-settings.ts';
import { type InUnits, inUnits } from './schema/in-units.ts';
import { type AuthApiFile, authApiFileSchema } from './schema.ts';
import { isThisMachine, type SmtpServer } from './units/mail.ts';

type Settings = Omit<AuthApiFile, OwnKey>;

/** Peers whose forwarded headers are trusted. */
export function trustedRanges(section: {
  readonly trustedProxies: readonly string[];
  readonly trustEveryPeer: boolean;
}): readonly string[] {
  return section.trustEveryPeer ? ['0.0.0.0/0', '::/0'] : section.trustedProxies;
}

export function compileSettings(
  settings: Settings,
  secrets: AuthApiSecrets,
  trust: { readonly gatewaySecrets: readonly string[]; readonly trustedProxies: readonly string[] },
): AuthApiSettings {
  const { lifetimes, redis } = settings;
  const mail = compileMail(settings.mail, secrets.smtp);
  return {
    database: secrets.database,
    secret: secrets.secret,
    previousSecrets: secrets.previousSecrets,
    selfRegistration: settings.selfRegistration,
    revealUnknownEmail: settings.revealUnknownEmail,
    outbox: settings.outbox ?? (mail === null ? 'none' : 'mail'),
    mail,
    sessionLifetimeMs: lifetimes.session,
    unverifiedLifetimeMs: lifetimes.unverified,
    sessionCapMs: lifetimes.cap,
    codeLifetimeMs: lifetimes.code,
    recentSignInMs: settings.recentSignIn ?? null,
    limits: inUnits(authApiFileSchema.shape.limits, settings.limits),
    redis: compileRedis(inUnits(authApiFileSchema.shape.redis, redis), secrets.redis),
    passkeys: compilePasskeys(settings.passkeys),
    gatewaySecrets: trust.gatewaySecrets,
    trustedProxies: compileTrustedProxies(trust.trustedProxies),
  };
}

/** Also that of the shared cache. */
export function compileRedis(
  redis: { readonly keyPrefix: string; readonly timeoutMs: number } | undefined,
  access: RedisAccess | null,
): RedisConfig | null {
  if (redis === undefined || access === null) return null;
  return { ...access, keyPrefix: redis.keyPrefix, commandTimeoutMs: redis.timeoutMs };
}

/** Also that of the Auth API alone. `headers`: their secrets, as read. */
export function compileTracing(
  tracing: InUnits<AuthApiFile>['tracing'],
  headers: Readonly<Record<string, string>>,
): TracingConfig | null {
  return tracing === undefined ? null : { ...tracing, endpoint: tracing.endpoint ?? null, headers };
}

function compilePasskeys(passkeys: Settings['passkeys']): PasskeySettings | null {
  if (passkeys === undefined) return null;
  const { origin, name, requiredForRoles = null } = passkeys;
  return { origin, name, requiredForRoles, rpId: new URL(origin).hostname };
}

function compileMail(mail: Settings['mail'], smtp: SmtpServer | null): MailConfig | null {
  if (mail === undefined || smtp === null) return null;
  const requireTls = mail.requireTls ?? (smtp.credentials !== null && !isThisMachine(smtp.host));
  return { smtp: { ...smtp, requireTls }, from: mail.from };
}
