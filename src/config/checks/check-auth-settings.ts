/** Keys of the Auth API that need more than the kind of a single value: secrets, URLs with passwords, what goes together. */
import type { AuthApiFile, Parts } from '../schema.ts';
import { isThisMachine, parseSmtpUrl, type SmtpServer } from '../units/parse-smtp-url.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';
import { checkRedis, type RedisAccess } from './check-redis.ts';
import { readKeySecret, readPreviousSecrets, readSecretText } from './check-secrets.ts';

type Settings = Parts<Omit<AuthApiFile, 'listen' | 'metrics' | 'gatewaySecret' | 'trustedProxies' | 'trustEveryPeer'>>;

/** Secrets as read from where they are kept, and URLs that can hold some. */
export interface AuthApiSecrets {
  readonly database: string;
  readonly secret: string;
  readonly previousSecrets: readonly string[];
  readonly smtp: SmtpServer | null;
  readonly redis: RedisAccess | null;
}

/** Under `authApi.embedded`, or in the Auth API's own file. Null: a problem was reported, here or before. */
export function checkAuthApiSettings(settings: Settings, path: Path, check: Check): AuthApiSecrets | null {
  checkLifetimes(settings.lifetimes, path, check);
  checkOutbox(settings, path, check);
  const database = readDatabase(settings, [...path, 'database'], check);
  const secret = readKeySecret(settings.secret, [...path, 'secret'], check);
  const previousSecrets = readPreviousSecrets(
    settings.previousSecrets ?? [],
    secret,
    (index) => [...path, 'previousSecrets', index],
    check,
  );
  const smtp = readSmtp(settings, [...path, 'mail', 'smtp'], check);
  const redis = checkRedis(settings.redis, [...path, 'redis'], check);
  return database === null || secret === null ? null : { database, secret, previousSecrets, smtp, redis };
}

function checkLifetimes(lifetimes: Settings['lifetimes'], path: Path, check: Check): void {
  const { session, cap } = lifetimes ?? {};
  if (session === undefined || cap === undefined || session <= cap) return;
  const hint = 'make "cap" at least as long as "session"';
  check.at([...path, 'lifetimes'], 'a session cannot live longer than its cap', hint);
}

function checkOutbox({ outbox }: Settings, path: Path, check: Check): void {
  if (outbox !== 'mail' || check.has([...path, 'mail'])) return;
  check.at([...path, 'outbox'], '"mail" is needed to send codes', 'say under "mail" which server takes them');
}

/** A path, or the URL of PostgreSQL; another scheme is no path that anybody meant. */
function readDatabase({ database }: Settings, path: Path, check: Check): string | null {
  const source = readSecretText(database, path, check);
  if (source === null) return null;
  const plain = source.replace(/^file:/, '');
  if (plain === '') {
    check.at(path, 'expected a path after "file:"');
    return null;
  }
  const scheme = /^([A-Za-z][\w+.-]*):\/\//.exec(plain)?.[1]?.toLowerCase();
  if (scheme === undefined) return plain;
  const known = scheme === 'postgres' || scheme === 'postgresql';
  if (known && URL.canParse(plain)) return plain;
  check.at(
    path,
    known
      ? 'this is not a valid URL of PostgreSQL'
      : 'expected the path of a file, ":memory:" or the URL of PostgreSQL',
    'for example "postgres://user:password@postgres:5432/rolegate"',
  );
  return null;
}

function readSmtp({ mail }: Settings, path: Path, check: Check): SmtpServer | null {
  const url = readSecretText(mail?.smtp, path, check);
  if (url === null) return null;
  const smtp = parseSmtpUrl(url);
  if (smtp === null) {
    const hint = 'for example "smtp://user:password@mail:587" or "smtps://mail"';
    check.at(path, 'expected a URL that starts with smtp:// or smtps://, without a path', hint);
    return null;
  }
  if (mail?.requireTls !== false || smtp.implicitTls || smtp.credentials === null || isThisMachine(smtp.host))
    return smtp;
  const hint = 'use smtps://, or leave "requireTls" out';
  check.at([...path.slice(0, -1), 'requireTls'], 'a password is not sent to another machine without TLS', hint);
  return null;
}
