/** The part of `rolegate init` for users without a provider: they sign in on pages of the gateway, by a code, and nothing else is installed. */
import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { parseConfig } from '../config/parse-config.ts';
import { CommandError, ExitCode, usageError } from './exit-code.ts';
import { sectionsFor } from './init-sections.ts';
import { ownCommand } from './own-command.ts';
import { writeNewFile, writeSecretOnce } from './write-new-file.ts';

/** What is protected, and where the files are written. */
interface Target {
  readonly service: string;
  readonly config: string;
  /** File with the key of the Auth API. */
  readonly secret: string;
  /** Of the protected pages, as browsers see them. */
  readonly origin: string;
}

const sessionSecretFile = 'rolegate.session-secret';

export function initAccounts(target: Target): ExitCode {
  const { service, config, secret, origin } = target;
  const sessionSecret = join(dirname(config), sessionSecretFile);
  if (existsSync(sessionSecret)) throw new CommandError(`${sessionSecret} already exists; nothing was written`);
  const text = templateFor(target);
  // There are no files yet.
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '0'.repeat(64) });
  if (!read.ok) throw usageError(`rolegate: ${read.problems.map(({ message }) => message).join('; ')}`);
  writeSecretOnce(secret);
  writeSecretOnce(sessionSecret);
  writeNewFile(config, text, 0o600);
  const rolegate = ownCommand();
  process.stdout.write(`wrote ${config}: ${service} behind ${origin}, for users who sign in by a code
wrote ${secret} and ${sessionSecret}: secrets; keep them out of version control

Next:
  ${rolegate} validate ${config}
  ${rolegate} auth-api create-admin -c ${config} -e you@example.test
  ${rolegate} serve -c ${config}

Then open ${origin}/ in a browser, and sign in as you@example.test: the code is in the output of serve.
`);
  return ExitCode.fine;
}

/** Passkeys belong to a domain, so an address has none. */
function passkeysFor(origin: string): string {
  const { hostname, host } = new URL(origin);
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? `    passkeys: { origin: "${origin}", name: "${host}" }\n` : '';
}

function templateFor({ service, secret, origin }: Target): string {
  return `# Rolegate in front of ${service}, for users who sign in by a code. Every setting with its default: rolegate schema --reference
${sectionsFor(origin)}  accounts: {} # name, logo and color of the pages
  # Of one process. For several, remove this and set cache.redis.
  sessions: { store: { file: ./rolegate-sessions.db } }

authApi:
  embedded:
    database: "file:./rolegate.db"
    secret: { file: ./${basename(secret)} }
    revealUnknownEmail: false
    # Prints the codes. To send them by e-mail, replace it by mail: { smtp: "smtp://127.0.0.1:25", from: "no-reply@example.test" }
    outbox: console
${passkeysFor(origin)}
cache:
  secret: { file: ./${sessionSecretFile} } # seals the sessions

roles:
  user: {} # every new user has it
  users_admin: { inherits: [user] } # "auth-api create-admin" gives it

upstreams:
  service: { targets: ["${service}"] }

defaults: { signIn: authApi }

# The most specific route wins, regardless of the order. A request that matches no route is refused with 404.
routes:
  - { id: everything, match: { path: "/**" }, upstream: service, credentials: [session], access: [user] }
`;
}
