/** `rolegate explain`: why a request is allowed or refused, stage by stage, without a network. */
import pc from 'picocolors';
import type { Config } from '../config/config.ts';
import { didYouMean } from '../config/nearest-name.ts';
import { type Explanation, explain as explainDecision } from '../core/explain.ts';
import { compileForwarding } from '../core/forwarding/compile-forwarding.ts';
import type { Identity } from '../core/identity/identity.ts';
import { isMethodName } from '../core/request/normalize-request.ts';
import { parseAddress } from '../core/syntax/addresses.ts';
import { selectSource } from '../identity/sources/select-source.ts';
import { hostFor } from '../policy-tools/host-for.ts';
import { somebody } from '../policy-tools/sample-identity.ts';
import { simulate } from '../policy-tools/simulate.ts';
import { ExitCode, usageError } from './exit-code.ts';
import { explanationText } from './explain/explanation-text.ts';
import { readPlaced } from './read-config.ts';

export interface ExplainOptions {
  readonly config: string;
  readonly as?: string;
  readonly roles?: string;
  readonly groups?: string;
  readonly header: readonly string[];
  readonly client?: string;
  readonly bearer?: string;
  readonly admin: string;
  readonly adminToken?: string;
  readonly json?: boolean;
}

/** Methods that somebody may write in lower case, as some tools do. */
const usualMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export async function explain(method: string, url: string, options: ExplainOptions): Promise<ExitCode> {
  // The proxy refuses such a request as malformed, before anything is decided.
  if (!isMethodName(method)) {
    throw usageError('rolegate: expected a method such as GET: a token of at most 32 characters');
  }
  if (method !== method.toUpperCase() && usualMethods.has(method.toUpperCase())) {
    process.stderr.write(`note: methods are case-sensitive, and "${method}" is not ${method.toUpperCase()}\n`);
  }
  if (options.bearer !== undefined && [options.as, options.roles, options.groups].some((who) => who !== undefined)) {
    const message = 'rolegate: --bearer (or ROLEGATE_BEARER) says who asks; leave out --as, --roles and --groups';
    throw usageError(message);
  }
  if (options.as !== undefined && (options.roles ?? options.groups) !== undefined) {
    const message = 'rolegate: --as names somebody with roles and groups already; leave out --roles and --groups';
    throw usageError(message);
  }
  const request = { method, ...readUrl(url), headers: readHeaders(options.header), client: readClient(options.client) };
  const explanation =
    options.bearer === undefined
      ? explainHere(request, options)
      : // Its HTTP client takes longer to load than all else that explains.
        await (await import('./explain/ask-gateway.ts')).askGateway(options.admin, options.adminToken, {
          ...request,
          bearer: options.bearer,
        });
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(explanation, null, 2)}\n`
      : explanationText(explanation, pc.isColorSupported),
  );
  return explanation.outcome === 'refuse' ? ExitCode.different : ExitCode.fine;
}

type Asked = Omit<Parameters<typeof simulate>[0], 'host'> & { readonly host: string | null };

function explainHere(request: Asked, options: ExplainOptions): Explanation {
  // Identities may stand in files of tests.
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
    sourceOf: (credential) => selectSource(credential, config.sourceRule),
    facts,
  });
}

function identityOf({ tests, roles }: Config, { as, roles: named, groups }: ExplainOptions): Identity | null {
  if (as !== undefined) {
    const identity = tests.identities.get(as);
    if (identity !== undefined) return identity;
    const hint = didYouMean(as, tests.identities.keys()) ?? 'identities are under "tests.identities"';
    throw usageError(`rolegate: there is no identity "${as}": ${hint}`);
  }
  if (named === undefined && groups === undefined) return null;
  const list = (text: string | undefined) =>
    (text ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  for (const role of list(named)) {
    if (roles.has(role)) continue;
    const hint = didYouMean(role, roles.keys());
    // The Auth API may name roles that no rule knows, so this is no error.
    process.stderr.write(`note: no role "${role}" is declared${hint === null ? '' : `; ${hint}`}\n`);
  }
  return { ...somebody, roles: list(named), groups: list(groups) };
}

/** `https://host/path?query`, or a path alone. */
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
    // The line is not repeated: it may hold a credential.
    if (colon < 1) {
      throw usageError(`rolegate: expected --header "name: value"; no. ${at + 1} has no name or no colon`);
    }
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

function readClient(address: string | undefined): string | null {
  if (address === undefined) return null;
  if (parseAddress(address) !== null) return address;
  throw usageError(`rolegate: expected --client as an IP address, got "${address}"`);
}
