/** Classifies errors of Redis in one word. The errors themselves contain hosts, keys and values, and are not shown. */
import type { RedisFailure } from './redis-link.ts';

/** First words of the error replies of Redis. */
const replies: Readonly<Record<string, RedisFailure>> = {
  NOAUTH: 'forbidden',
  NOPERM: 'forbidden',
  WRONGPASS: 'forbidden',
  READONLY: 'read_only',
  LOADING: 'busy',
  BUSY: 'busy',
  CLUSTERDOWN: 'busy',
  MASTERDOWN: 'busy',
  NOREPLICAS: 'busy',
  TRYAGAIN: 'busy',
  OOM: 'full',
};

/** How Redis refuses a command of a script for which the user has no permission: 7.0, and later versions. */
const forbiddenInScript = /^ERR (?:The user executing the script |ACL failure in script: )/;

/** The first word of an error reply. */
function firstWord({ message }: Error): string {
  return forbiddenInScript.test(message) ? 'NOPERM' : (/^[A-Z]+(?= )/.exec(message)?.[0] ?? '');
}

/** Codes of sockets and name look-ups. */
const unreachable = /^(?:ECONN|EHOST|ENET|EADDR|EPIPE|ENOTFOUND|EAI_)/;
const certificate = /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;
/** Texts of the client's own errors, which have no code. */
const ownTexts: readonly [RegExp, RedisFailure][] = [
  [/timed out|timeout/i, 'timeout'],
  [
    /isn't writeable|isn't ready|closed|ended|Sentinels|sentinels are unreachable|startup nodes|slots cache/i,
    'disconnected',
  ],
];

/**
 * The first word of an error reply, or the code of a socket error, such as `NOPERM` or `ECONNREFUSED`; null: none. The rest of the text may
 * contain keys and hosts.
 */
export function redisErrorCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error ? String(error.code) : firstWord(error);
  return /^[A-Z][A-Z0-9_]{1,31}$/.test(code) ? code : null;
}

export function redisFailure(error: unknown): RedisFailure {
  if (!(error instanceof Error)) return 'other';
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ETIMEDOUT') return 'timeout';
  if (certificate.test(code)) return 'certificate';
  if (unreachable.test(code)) return 'disconnected';
  const reply = replies[firstWord(error)];
  return reply ?? ownTexts.find(([text]) => text.test(error.message))?.[1] ?? 'other';
}
