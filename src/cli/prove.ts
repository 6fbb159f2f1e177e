/**
 * `rolegate prove`: sends requests to a running installation, through any proxy in front, and reports requests that pass although they
 * should not.
 */
import pc from 'picocolors';
import type { Config } from '../config/config.ts';
import type { Identity } from '../core/identity/identity.ts';
import { parseAddress } from '../core/syntax/addresses.ts';
import { sampleIdentity } from '../policy-model/samples/sample-identity.ts';
import { readDuration } from './duration-option.ts';
import { CommandError, ExitCode, usageError } from './exit-code.ts';
import { headerLines } from './header-lines.ts';
import { nameList } from './name-list.ts';
import { readClaimed, testIdentity } from './named-identity.ts';
import type { DownPart } from './prove/down-parts.ts';
import { requireEcho } from './prove/echo.ts';
import { type Owner, type Plan, Planner } from './prove/plan-probes.ts';
import { isProven, proveJson, proveText } from './prove/prove-report.ts';
import { askAll } from './prove/run-probes.ts';
import { createSender } from './prove/send-probe.ts';
import { readPlaced } from './read-config.ts';

export interface ProveOptions {
  readonly config: string;
  /** Header lines of a valid credential, one per line of the text. */
  readonly credential?: string;
  readonly user?: string;
  readonly roles?: string;
  readonly groups?: string;
  /** JSON. */
  readonly claims?: string;
  readonly source?: string;
  /** Names of identities of the tests. */
  readonly as: readonly string[];
  readonly client?: string;
  /** `HOST:PORT:ADDRESS`. */
  readonly resolve?: string;
  readonly unsafe?: boolean;
  readonly outageOf?: DownPart;
  /** URL of an echo service behind the proxy. */
  readonly echo?: string;
  /** Of the whole run, such as `5m`. */
  readonly timeout: string;
  readonly json?: boolean;
}

/** Of the time for the whole run. */
const [minMs, maxMs] = [1_000, 3_600_000];
/** Lines are not longer. */
const widest = 110;

export async function prove(url: string, options: ProveOptions): Promise<ExitCode> {
  const base = readBase(url);
  const over = AbortSignal.timeout(readDuration('--timeout', options.timeout, minMs, maxMs));
  // Identities may be in test files.
  const { config } = readPlaced(options.config, { tests: options.as.length === 0 ? 'none' : 'found' });
  const planner = new Planner(planOf(config, base, options));
  if (planner.places.length === 0)
    throw new CommandError('rolegate: no route accepts GET, HEAD or OPTIONS; see --unsafe');
  const sender = createSender(base, addressFor(base, options.resolve), over);
  try {
    if (options.echo !== undefined) await requireEchoAt(options.echo, over);
    const report = await askAll(planner, sender, {
      url: base.origin,
      file: options.config,
      down: options.outageOf ?? null,
      echo: options.echo ?? null,
    });
    const width = Math.min(Math.max(process.stdout.columns ?? widest, 60), widest);
    process.stdout.write(
      options.json === true ? proveJson(report) : proveText(report, { color: pc.isColorSupported, width }),
    );
    return isProven(report) ? ExitCode.fine : ExitCode.failed;
  } finally {
    sender.close();
  }
}

async function requireEchoAt(url: string, over: AbortSignal): Promise<void> {
  const direct = createSender(readBase(url), null, over);
  try {
    await requireEcho(url, direct);
  } finally {
    direct.close();
  }
}

function planOf(config: Config, base: URL, options: ProveOptions): Plan {
  const { credential, claims, source, as, client = null, unsafe = false } = options;
  const isDescribed = [options.user, options.roles, options.groups].some((option) => option !== undefined);
  if (client !== null && parseAddress(client) === null)
    throw usageError('rolegate: --client must be an address such as 192.0.2.7');
  if (isDescribed && claims !== undefined)
    throw usageError('rolegate: roles, groups and the user come from --claims; omit --roles, --groups and --user');
  if (source !== undefined && claims === undefined) throw usageError('rolegate: --source requires --claims');
  const hasOwner = isDescribed || claims !== undefined;
  if (credential !== undefined && !hasOwner && as.length === 0)
    throw usageError('rolegate: describe the owner of the credential: --roles, --groups, --user, or --claims');
  if (credential === undefined && hasOwner)
    throw usageError(
      'rolegate: --roles, --groups, --user and --claims describe the owner of a credential; give it in ROLEGATE_CREDENTIAL',
    );
  const owners = new Map<string, Owner>();
  if (credential !== undefined && hasOwner)
    owners.set('', { headers: headerLines(credential), identity: ownerOf(config, options) });
  for (const name of as) owners.set(name, { identity: testIdentity(name, config), headers: credentialOf(name) });
  return { config, host: base.host, owners, unsafe, client };
}

function ownerOf(config: Config, { claims, source, user, roles, groups }: ProveOptions): Identity {
  if (claims !== undefined) return readClaimed(claims, source, config);
  return {
    ...sampleIdentity,
    userId: user ?? sampleIdentity.userId,
    roles: nameList(roles),
    groups: nameList(groups),
  };
}

/** From the environment, because arguments are visible to other users of the machine. */
function credentialOf(name: string): readonly string[] {
  const variable = `ROLEGATE_CREDENTIAL_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
  const lines = process.env[variable];
  if (lines === undefined || lines.trim() === '')
    throw usageError(`rolegate: give the credential of "${name}" in ${variable}, such as "Authorization: Bearer ..."`);
  return headerLines(lines);
}

function readBase(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`)
    throw usageError('rolegate: expected a URL without a path, such as https://api.example.test');
  return url;
}

/** Where to connect; null: where the host of the URL leads. */
function addressFor(base: URL, resolve: string | undefined): string | null {
  if (resolve === undefined) return null;
  const [, host, port, bracketed, plain] =
    /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5}):(?:\[(.+)\]|(.+))$/.exec(resolve) ?? [];
  const address = bracketed ?? plain ?? '';
  if (host === undefined || parseAddress(address) === null)
    throw usageError('rolegate: --resolve is HOST:PORT:ADDRESS, such as api.example.test:443:192.0.2.7');
  const own = base.port || (base.protocol === 'https:' ? '443' : '80');
  if (host.toLowerCase() !== base.hostname || port !== own)
    throw usageError(`rolegate: --resolve is for ${host}:${port}, but the URL is for ${base.hostname}:${own}`);
  return address;
}
