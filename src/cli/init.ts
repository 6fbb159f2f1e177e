/**
 * `rolegate init`: a first configuration for one service, with an Auth API inside the gateway or for users of an OpenID provider, and its
 * secrets in separate files. It overwrites nothing, and shows what to run next.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseOrigin } from '../config/units/parse-origin.ts';
import { CommandError, ExitCode, usageError } from './exit-code.ts';
import type { SignInOptions } from './init-sign-in.ts';
import { ownCommand } from './own-command.ts';
import { writeNewFile, writeSecretOnce } from './write-new-file.ts';

export interface InitOptions extends Omit<SignInOptions, 'issuer'> {
  readonly config: string;
  /** Set: users sign in at this provider. */
  readonly issuer?: string | true;
  /** True: users sign in with a browser, without a provider. */
  readonly accounts?: boolean;
}

const secretFile = 'rolegate.secret';

export async function init(url: string, options: InitOptions): Promise<ExitCode> {
  const { config, issuer, accounts } = options;
  if (issuer !== undefined && accounts === true) throw usageError('"--issuer" and "--accounts" exclude each other');
  const service = readServiceUrl(url);
  if (existsSync(config)) throw new CommandError(`${config} already exists; nothing was written`);
  const secret = join(dirname(config), secretFile);
  if (issuer !== undefined) {
    const { initSignIn } = await import('./init-sign-in.ts');
    return await initSignIn({ service, config, secret }, { ...options, issuer });
  }
  if (accounts === true) {
    const { initAccounts } = await import('./init-accounts.ts');
    return initAccounts({ service, config, secret, origin: options.origin });
  }
  writeSecretOnce(secret);
  writeNewFile(config, template(service), 0o600);
  process.stdout.write(nextSteps(service, config, secret));
  return ExitCode.fine;
}

/** Only scheme, host and port. The text is not repeated: it may contain a password. */
function readServiceUrl(text: string): string {
  const origin = parseOrigin(text, '');
  if (typeof origin !== 'string') {
    const expected = 'expected the URL of the service with only scheme, host and port';
    throw usageError(`${expected}, such as http://127.0.0.1:3000`);
  }
  return origin;
}

function template(service: string): string {
  return `# Rolegate in front of ${service}. Every setting with its default: rolegate schema --reference
version: 1

server:
  listen: ":8080"
  admin: "127.0.0.1:9090" # health, metrics, the table of routes

# Identifies the owner of a credential. This Auth API runs inside the gateway and prints the codes that it would mail.
# To use an existing one instead: authApi: { url: "http://127.0.0.1:8081" }
authApi:
  embedded:
    database: "file:./rolegate.db"
    secret: { file: ./${secretFile} }
    outbox: console

roles:
  user: {} # every new user has it
  users_admin: { inherits: [user] } # "auth-api create-admin" gives it

upstreams:
  service: { targets: ["${service}"] }

# The most specific route wins, regardless of the order. A request that matches no route is refused with 404.
routes:
  - { id: sign-in, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
  - { id: everything, match: { path: "/**" }, upstream: service, access: [user] }
  - { id: administration, match: { path: "/admin/**" }, upstream: service, access: [users_admin] }
`;
}

function nextSteps(service: string, config: string, secret: string): string {
  const rolegate = ownCommand();
  return `wrote ${config}: ${service} behind http://localhost:8080, for users who sign in
wrote ${secret}: the key under which sessions are stored; keep it out of version control

Next:
  ${rolegate} validate ${config}
  ${rolegate} auth-api create-admin -c ${config} -e you@example.test
  ${rolegate} serve -c ${config}

Then, in another terminal:
  curl -i http://localhost:8080/
  TOKEN=$(${rolegate} auth-api login -c ${config} you@example.test)
  curl -i http://localhost:8080/ -H "authorization: Bearer $TOKEN"
  curl -i http://localhost:8080/admin/ -H "authorization: Bearer $TOKEN"
`;
}
