/**
 * The part of `rolegate init` for users of an OpenID provider: reads what is needed to protect a web page, and checks with the provider that
 * the client can sign people in, before anything is written.
 */
import { parseConfig } from '../config/parse-config.ts';
import { createOpenidProvider } from '../sign-in/openid-provider.ts';
import { paths } from '../sign-in/paths.ts';
import { askTerminal } from './ask-terminal.ts';
import { CommandError, usageError } from './exit-code.ts';

export interface SignInOptions {
  /** True: it is asked for. */
  readonly issuer: string | true;
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Of the protected pages, as browsers see them. */
  readonly origin: string;
}

export interface Registration {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly origin: string;
}

export const secretFiles = { sessions: 'rolegate.secret', client: 'rolegate.client-secret' } as const;
const provider = 'main';

export async function readRegistration({
  issuer,
  clientId,
  clientSecret,
  origin,
}: SignInOptions): Promise<Registration> {
  return {
    issuer: issuer === true ? await askTerminal({ text: 'Issuer of the provider', option: '--issuer <url>' }) : issuer,
    clientId: clientId ?? (await askTerminal({ text: 'Client id', option: '--client-id' })),
    clientSecret:
      clientSecret ??
      (await askTerminal({ text: 'Client secret', option: '--client-secret, or OIDC_CLIENT_SECRET,', secret: true })),
    origin,
  };
}

export function redirectAddress({ origin }: Registration): string {
  return new URL(paths.callback(provider), origin).href;
}

export function signedOutAddress({ origin }: Registration): string {
  return new URL(paths.signedOut, origin).href;
}

/** Texts in double quotes are written as JSON, which YAML reads. */
export function signInTemplate(service: string, { issuer, clientId, origin }: Registration): string {
  const behindTls = origin.startsWith('https:');
  // Without a proxy, the port of the origin is that of the gateway.
  const port = behindTls ? 8080 : new URL(origin).port || 80;
  return `# Rolegate in front of ${service}, for users of an OpenID provider. Every setting with its default: rolegate schema --reference
version: 1

server:
  listen: ":${port}"
  admin: "127.0.0.1:9090" # health, metrics, the table of routes
${behindTls ? '  trustedProxies: ["127.0.0.1/32", "::1/128"] # the proxy that ends TLS\n' : ''}
signIn:
  origin: ${JSON.stringify(origin)}
  providers:
    ${provider}:
      issuer: ${JSON.stringify(issuer)}
      clientId: ${JSON.stringify(clientId)}
      clientSecret: { file: ./${secretFiles.client} }
  # Of one process. For several, remove this and set cache.redis.
  sessions: { store: { file: ./rolegate-sessions.db } }

cache:
  secret: { file: ./${secretFiles.sessions} } # seals the sessions

upstreams:
  service: { targets: ["${service}"] }

defaults: { signIn: ${provider} }

# The most specific route wins, regardless of the order. A request that matches no route is refused with 404.
routes:
  - { id: everything, match: { path: "/**" }, upstream: service, credentials: [session], access: authenticated }
`;
}

/** Throws with the reason why nobody could sign in with this configuration. */
export async function checkProvider(text: string, registration: Registration, now = Date.now): Promise<void> {
  // A secret of this length is written later; the configuration is read before there are files.
  const readSecret = (path: string) => (path.endsWith(secretFiles.client) ? registration.clientSecret : '0'.repeat(64));
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret });
  if (!read.ok) throw usageError(`rolegate: ${read.problems.map(({ message }) => message).join('; ')}`);
  const [settings] = read.config.signIn!.providers;
  const client = createOpenidProvider(settings!, now);
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
async function rejectionOf(
  client: ReturnType<typeof createOpenidProvider>,
  registration: Registration,
): Promise<string | null> {
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
