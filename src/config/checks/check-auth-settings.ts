/** Keys of the Auth API with a secret, or a URL with a password: under `authApi.embedded`, or in its own file. */
import type { AuthApiFile } from '../schema.ts';
import { isThisMachine, parseSmtpUrl, type SmtpServer } from '../units/mail.ts';
import { checkRedis, type RedisAccess } from './check-redis.ts';
import { readKeySecret, readPreviousSecrets, readSecretText } from './check-secrets.ts';
import type { Location } from './location.ts';

/** Keys that only the Auth API's own file has. */
export type OwnKey =
  | 'listen'
  | 'tls'
  | 'metrics'
  | 'metricsTls'
  | 'gatewaySecret'
  | 'trustedProxies'
  | 'trustEveryPeer'
  | 'tracing';

type Settings = Omit<AuthApiFile, OwnKey>;

/** Secrets as read from their files, and URLs that can contain secrets. */
export interface AuthApiSecrets {
  readonly database: string;
  readonly secret: string;
  readonly previousSecrets: readonly string[];
  readonly smtp: SmtpServer | null;
  readonly redis: RedisAccess | null;
}

/** Null: a problem was reported. */
export function checkAuthApiSettings(settings: Settings, at: Location): AuthApiSecrets | null {
  const database = readDatabase(settings, at.at('database'));
  const secret = readKeySecret(settings.secret, at.at('secret'));
  const previousSecrets = readPreviousSecrets(settings.previousSecrets, secret, at.at('previousSecrets'));
  const smtp = readSmtp(settings, at.at('mail'));
  const redis = checkRedis(settings.redis, at.at('redis'));
  return database === null || secret === null ? null : { database, secret, previousSecrets, smtp, redis };
}

/** A path, or the URL of PostgreSQL; a text with another scheme is not a path. */
function readDatabase({ database }: Settings, at: Location): string | null {
  const source = readSecretText(database, at);
  if (source === null) return null;
  const plain = source.replace(/^file:/, '');
  const scheme = /^([A-Za-z][\w+.-]*):\/\//.exec(plain)?.[1]?.toLowerCase();
  const known = scheme === 'postgres' || scheme === 'postgresql';
  if (plain !== '' && (scheme === undefined || (known && URL.canParse(plain)))) return plain;
  const example = 'for example "postgres://user:password@postgres:5432/rolegate"';
  if (plain === '') at.report('expected a path after "file:"');
  else if (known) at.report('this is not a valid URL of PostgreSQL', example);
  else at.report('expected the path of a file, ":memory:" or the URL of PostgreSQL', example);
  return null;
}

function readSmtp({ mail }: Settings, at: Location): SmtpServer | null {
  const url = readSecretText(mail?.smtp, at.at('smtp'));
  if (url === null) return null;
  const smtp = parseSmtpUrl(url);
  if (smtp === null) {
    const hint = 'for example "smtp://user:password@mail:587" or "smtps://mail"';
    at.at('smtp').report('expected a URL that starts with smtp:// or smtps://, without a path', hint);
  } else if (
    mail?.requireTls === false &&
    !smtp.implicitTls &&
    smtp.credentials !== null &&
    !isThisMachine(smtp.host)
  ) {
    const message = 'a password is not sent to another machine without TLS';
    at.at('requireTls').report(message, 'use smtps://, or omit "requireTls"');
    return null;
  }
  return smtp;
}
