/**
 * The part of `rolegate init` for users of an OpenID provider: reads what is needed to protect a web page, and checks with the provider that
 * the client can sign people in, before anything is written.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseConfig } from '../config/parse-config.ts';
import { createProvider } from '../sign-in/create-provider.ts';
import { paths } from '../sign-in/paths.ts';
import type { Provider } from '../sign-in/provider.ts';
import { askTerminal } from './ask-terminal.ts';
import { CommandError, ExitCode, usageError } from './exit-code.ts';
import { sectionsFor } from './init-sections.ts';
import { ownCommand } from './own-command.ts';
import { writeNewFile, writeSecretOnce } from './write-new-file.ts';

export interface SignInOptions {
  /** True: it is read from the terminal. */
  readonly issuer: string | true;
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Of the protected pages, as browsers see them. */
  readonly origin: string;
}

interface Registration {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly origin: string;
}

const clientSecretFile = 'rolegate.client-secret';
const provider = 'main';

/** What is protected, and where the files are written. */
interface Target {
  readonly service: string;
  readonly config: string;
  /** File with the secret that seals the sessions. */
  readonly secret: string;
}

export async function initSignIn(target: Target, options: SignInOptions): Promise<ExitCode> {
  const { service, config, secret } = target;
  const clientSecret = join(dirname(config), clientSecretFile);
  if (existsSync(clientSecret)) throw new CommandError(`${clientSecret} already exists; nothing was written`);
  const registration = await readRegistration(options);
  const text = templateFor(target, registration);
  await checkProvider(text, registration);
  writeSecretOnce(secret);
  writeNewFile(clientSecret, `${registration.clientSecret}\n`, 0o600);
  writeNewFile(config, text, 0o600);
  const rolegate = ownCommand();
  process.stdout.write(`the provider responds, and knows this client

wrote ${config}: ${service} behind ${registration.origin}, for users of the provider
wrote ${secret} and ${clientSecret}: secrets; keep them out of version control

Register this redirect address at the provider, and the second one for the return after signing out:
  ${redirectAddress(registration)}
  ${signedOutAddress(registration)}

Next:
  ${rolegate} validate ${config}
  ${rolegate} serve -c ${config}

Then open ${registration.origin}/ in a browser.
`);
  return ExitCode.fine;
}

async function readRegistration({ issuer, clientId, clientSecret, origin }: SignInOptions): Promise<Registration> {
  return {
    issuer: issuer === true ? await askTerminal({ text: 'Issuer of the provider', option: '--issuer <url>' }) : issuer,
    clientId: clientId ?? (await askTerminal({ text: 'Client id', option: '--client-id' })),
    clientSecret:
      clientSecret ??
      (await askTerminal({ text: 'Client secret', option: '--client-secret, or OIDC_CLIENT_SECRET,', secret: true })),
    origin,
  };
}

function redirectAddress({ origin }: Registration): string {
  return new URL(paths.callback(provider), origin).href;
}

function signedOutAddress({ origin }: Registration): string {
  return new URL(paths.signedOut, origin).href;
}

/** Texts in double quotes are written as JSON, which YAML reads. */
function templateFor({ service, secret }: Target, { issuer, clientId, origin }: Registration): string {
  return `# Rolegate in front of ${service}, for users of an OpenID provider. Every setting with its default: rolegate schema --reference
${sectionsFor(origin)}  providers:
    ${provider}:
      issuer: ${JSON.stringify(issuer)}
      clientId: ${JSON.stringify(clientId)}
      clientSecret: { file: ./${clientSecretFile} }
  # Of one process. For several, remove this and set cache.redis.
  sessions: { store: { file: ./rolegate-sessions.db } }

cache:
  secret: { file: ./${basename(secret)} } # seals the sessions

upstreams:
  service: { targets: ["${service}"] }

defaults: { signIn: ${provider} }

# The most specific route wins, regardless of the order. A request that matches no route is refused with 404.
routes:
  - { id: everything, match: { path: "/**" }, upstream: service, credentials: [session], access: authenticated }
`;
}

/** Throws with the reason why users could not sign in with this configuration. */
async function checkProvider(text: string, registration: Registration): Promise<void> {
  // There are no files yet; that of the sessions gets a secret of this length.
  const readSecret = (path: string) => (path.endsWith(clientSecretFile) ? registration.clientSecret : '0'.repeat(64));
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret });
  if (!read.ok) throw usageError(`rolegate: ${read.problems.map(({ message }) => message).join('; ')}`);
  const [settings] = read.config.signIn!.providers;
  const client = createProvider(settings!, Date.now);
  try {
    const failure = await client.check();
    if (failure?.kind === 'unavailable') throw refused(`the provider does not respond: ${failure.detail}`);
    if (failure !== null)
      throw refused(`"${registration.issuer}" is not the issuer of an OpenID provider: ${failure.detail}`);
    const rejected = await rejectionOf(client, registration);
    if (rejected !== null) throw refused(`the provider rejects this client: ${rejected}`);
  } finally {
    await client.close();
  }
}

/** A code that no provider has issued: one that knows the client and its secret refuses the code, others the client. */
async function rejectionOf(client: Provider, registration: Registration): Promise<string | null> {
  const state = 'check';
  const callback = new URL(redirectAddress(registration));
  callback.search = String(new URLSearchParams({ code: 'no-code-of-this-provider', state, iss: registration.issuer }));
  const verifier = 'no-verifier-of-any-sign-in-at-this-provider-0';
  const result = await client.exchangeCode({ callback, state, nonce: 'check', verifier, maxAgeS: null });
  if (result.kind === 'unavailable') throw refused(`the provider does not respond: ${result.detail}`);
  const isOfClient = result.kind === 'refused' && clientErrors.includes(result.error);
  return isOfClient
    ? `${result.error}; check the client id, its secret, and that it may use the authorization code flow`
    : null;
}

const clientErrors = ['invalid_client', 'unauthorized_client'];

function refused(reason: string): CommandError {
  return new CommandError(`rolegate: ${reason}; nothing was written`);
}
