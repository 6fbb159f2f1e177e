/** `rolegate explain`: why a request is allowed or refused, stage by stage, without a network. */
import pc from 'picocolors';
import { sourceFor } from '../config/claimed-identity.ts';
import type { Config } from '../config/config.ts';
import { didYouMean } from '../config/nearest-name.ts';
import { parseMoment } from '../config/units/quantities.ts';
import { type Explanation, explain as explainDecision } from '../core/explain.ts';
import { compileForwarding } from '../core/forwarding/compile-forwarding.ts';
import type { Identity } from '../core/identity/identity.ts';
import { isMethodName } from '../core/request/normalize-request.ts';
import { parseAddress } from '../core/syntax/addresses.ts';
import { selectSource } from '../identity/sources/select-source.ts';
import { hostFor } from '../policy-model/host-for.ts';
import { sampleIdentity } from '../policy-model/samples/sample-identity.ts';
import { simulate } from '../policy-model/simulate.ts';
import { ExitCode, usageError } from './exit-code.ts';
import { explanationText } from './explain/explanation-text.ts';
import { nameList } from './name-list.ts';
import { holderOf, readClaimed, sourceError, testIdentity } from './named-identity.ts';
import { readPlaced } from './read-config.ts';

export interface ExplainOptions {
  readonly config: string;
  readonly as?: string;
  readonly roles?: string;
  readonly groups?: string;
  /** When the user signed in. */
  readonly signedIn?: string;
  /** JSON. */
  readonly claims?: string;
  /** A file. */
  readonly certificate?: string;
  readonly source?: string;
  readonly header: readonly string[];
  readonly client?: string;
  readonly trusted?: boolean;
  /** Of the request. */
  readonly at?: string;
  readonly bearer?: string;
  readonly admin: string;
  readonly adminToken?: string;
  readonly json?: boolean;
}

/** Methods that users may write in lower case, as with some tools. */
const usualMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export async function explain(method: string, url: string, options: ExplainOptions): Promise<ExitCode> {
  // The proxy refuses such a request as malformed, before anything is decided.
  if (!isMethodName(method)) {
    throw usageError('rolegate: expected a method such as GET: a token of at most 32 characters');
  }
  if (method !== method.toUpperCase() && usualMethods.has(method.toUpperCase())) {
    process.stderr.write(`note: methods are case-sensitive, and "${method}" is not ${method.toUpperCase()}\n`);
  }
  checkWhoAsks(options);
  const request = {
    method,
    ...readUrl(url),
    headers: readHeaders(options.header),
    client: readClient(options.client),
  };
  const time = readTime('--at', options.at) ?? Date.now();
  const explanation =
    options.bearer === undefined
      ? explainHere({ ...request, time, trusted: options.trusted === true }, options)
      : await askGateway({ ...request, bearer: options.bearer }, options);
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(explanation, null, 2)}\n`
      : explanationText(explanation, pc.isColorSupported),
  );
  return explanation.outcome === 'refuse' ? ExitCode.different : ExitCode.fine;
}

/** Options for the caller exclude each other. */
function checkWhoAsks(options: ExplainOptions): void {
  const { bearer, as, claims, source, roles, groups, signedIn, at, trusted, certificate } = options;
  if (certificate !== undefined && (bearer ?? as ?? claims ?? source ?? roles ?? groups ?? signedIn) !== undefined)
    throw usageError('rolegate: --certificate already identifies the user; omit the other options for one');
  if (bearer !== undefined && (at !== undefined || trusted === true)) {
    throw usageError(
      'rolegate: with --bearer, a gateway decides for the current time and this client; omit --at and --trusted',
    );
  }
  const inRoles = (roles ?? groups ?? signedIn) !== undefined;
  if (bearer !== undefined && (inRoles || (as ?? claims) !== undefined)) {
    throw usageError(
      'rolegate: --bearer (or ROLEGATE_BEARER) already identifies the user; omit --as, --claims, --roles, --groups and --signed-in',
    );
  }
  if (as !== undefined && (inRoles || claims !== undefined)) {
    throw usageError('rolegate: --as selects a complete identity; omit --claims, --roles, --groups and --signed-in');
  }
  if (claims !== undefined && inRoles) {
    throw usageError(
      'rolegate: roles, groups and the sign-in come from --claims; omit --roles, --groups and --signed-in',
    );
  }
  if (source !== undefined && claims === undefined && !inRoles)
    throw usageError('rolegate: --source requires --claims, --roles, --groups or --signed-in');
}

/** Loads the HTTP client only here, because that takes longer than the explanation itself. */
async function askGateway(body: object, { admin, adminToken }: ExplainOptions): Promise<Explanation> {
  const { askAdmin } = await import('./ask-admin.ts');
  const words = {
    purpose: '--bearer',
    notFound: 'this is not the admin port of a gateway; set it with --admin',
  };
  return (await askAdmin(admin, adminToken, { method: 'POST', path: '/explain', body }, words)) as Explanation;
}

type ExplainRequest = Omit<Parameters<typeof simulate>[0], 'host'> & { readonly host: string | null };

function explainHere(request: ExplainRequest, options: ExplainOptions): Explanation {
  // Identities may be in test files.
  const { config } = readPlaced(options.config, { tests: options.as === undefined ? 'none' : 'found' });
  const { routes, credentials, roleMapping, via, roles } = config;
  const identity = identityOf(config, options);
  const host = request.host ?? hostFor(routes, request.target, null);
  const { view, resolution, facts } = simulate({ ...request, host }, identity, credentials);
  return explainDecision(view, {
    policy: { routes, credentials, roleMapping, via },
    roles,
    rules: compileForwarding(config),
    resolution,
    // Claims come without a token, whose form would select the source.
    sourceOf: (credential) =>
      identity === null || identity.acceptedBy === 'authApi'
        ? selectSource(credential, config.sourceRule)
        : { source: identity.acceptedBy, why: 'the source of this identity' },
    facts,
  });
}

function identityOf(
  config: Config,
  { as, claims, certificate, source, roles: named, groups, signedIn }: ExplainOptions,
): Identity | null {
  const { roles } = config;
  if (certificate !== undefined) return holderOf(certificate, config);
  if (claims !== undefined) return readClaimed(claims, source, config);
  if (as !== undefined) return testIdentity(as, config);
  if ((named ?? groups ?? signedIn) === undefined) return null;
  for (const role of nameList(named)) {
    if (roles.has(role)) continue;
    const hint = didYouMean(role, roles.keys());
    // The Auth API may return roles that no rule uses, so this is not an error.
    process.stderr.write(`note: no role "${role}" is declared${hint === null ? '' : `; ${hint}`}\n`);
  }
  const authenticatedAtMs = readTime('--signed-in', signedIn);
  const of = sourceFor('bearer', source, config);
  if ('problem' in of) throw sourceError(of);
  const known = { source: of.users.source, acceptedBy: of.name, userId: of.users.prefix + sampleIdentity.userId };
  return { ...sampleIdentity, ...known, roles: nameList(named), groups: nameList(groups), authenticatedAtMs };
}

/** `https://host/path?query`, or only a path. */
function readUrl(url: string): { host: string | null; secure: boolean; target: string } {
  const read = /^(?:(https?):\/\/([^/?#\s]+))?(\/[^\s#]*)?$/.exec(url);
  if (read === null || url === '') {
    throw usageError(`rolegate: expected a URL or a path, such as https://api.example.test/v1/orders/7`);
  }
  return { host: read[2] ?? null, secure: read[1] === 'https', target: read[3] ?? '/' };
}

function readHeaders(lines: readonly string[]): string[] {
  return lines.flatMap((line, at) => {
    const colon = line.indexOf(':');
    // The line is not repeated: it may contain a credential.
    if (colon < 1) {
      throw usageError(`rolegate: expected --header "name: value"; header ${at + 1} has no name or no colon`);
    }
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

function readTime(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const ms = parseMoment(text);
  if (ms !== null) return ms;
  throw usageError(`rolegate: expected ${option} as a time with date and zone, such as 2026-12-01T09:00:00Z`);
}

function readClient(address: string | undefined): string | null {
  if (address === undefined) return null;
  if (parseAddress(address) !== null) return address;
  throw usageError(`rolegate: expected --client as an IP address, got "${address}"`);
}
