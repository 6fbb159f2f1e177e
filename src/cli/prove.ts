/**
 * `rolegate prove`: sends requests to a running installation, through any proxy in front, and reports requests that pass although they
 * should not.
 */
import pc from 'picocolors';
import type { Config } from '../config/config.ts';
import { parseAddress } from '../core/syntax/addresses.ts';
import { sampleIdentity } from '../policy-tools/sample-identity.ts';
import { CommandError, ExitCode, usageError } from './exit-code.ts';
import { nameList } from './name-list.ts';
import { judge } from './prove/judge-reply.ts';
import { type Plan, Planner } from './prove/plan-probes.ts';
import type { Finding, Group, Probe } from './prove/probe.ts';
import { type GroupCount, type ProveReport, proveJson, proveText } from './prove/prove-report.ts';
import { createSender, type Sender } from './prove/send-probe.ts';
import { readConfig } from './read-config.ts';

export interface ProveOptions {
  readonly config: string;
  /** Header lines of a valid credential, one per line of the text. */
  readonly credential?: string;
  readonly user?: string;
  readonly roles?: string;
  readonly groups?: string;
  readonly client?: string;
  /** `HOST:PORT:ADDRESS`. */
  readonly resolve?: string;
  readonly unsafe?: boolean;
  readonly outage?: boolean;
  readonly json?: boolean;
}

/** Maximum concurrent requests. */
const atOnce = 4;
/** Lines are not longer. */
const widest = 110;

export async function prove(url: string, options: ProveOptions): Promise<ExitCode> {
  const base = readBase(url);
  const config = readConfig(options.config);
  const planner = new Planner(planOf(config, base, options));
  if (planner.places.length === 0)
    throw new CommandError('rolegate: no route accepts GET, HEAD or OPTIONS; see --unsafe');
  const sender = createSender(base, addressFor(base, options.resolve));
  try {
    const report = await ask(planner, sender, {
      url: base.origin,
      file: options.config,
      outage: options.outage ?? false,
    });
    const width = Math.min(Math.max(process.stdout.columns ?? widest, 60), widest);
    process.stdout.write(
      options.json === true ? proveJson(report) : proveText(report, { color: pc.isColorSupported, width }),
    );
    return report.findings.length === 0 ? ExitCode.fine : ExitCode.failed;
  } finally {
    sender.close();
  }
}

async function ask(
  planner: Planner,
  sender: Sender,
  { outage, ...about }: Pick<ProveReport, 'url' | 'file'> & { readonly outage: boolean },
): Promise<ProveReport> {
  const findings: Finding[] = [];
  const counts = new Map<Group, GroupCount>();
  const notes: string[] = [];
  /** Runs a group of probes and collects the replies that show their marker. */
  const run = async (group: Group, probes: readonly Probe[], judged = judge): Promise<readonly boolean[]> => {
    const shown: boolean[] = [];
    let next = 0;
    let found = 0;
    const work = async () => {
      for (let at = next++; at < probes.length; at = next++) {
        const probe = probes[at]!;
        const reply = await sender.send(probe);
        shown[at] = probe.marker !== null && reply.text.includes(probe.marker);
        const finding = judged(probe, reply);
        if (finding === null) continue;
        found += 1;
        findings.push(finding);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    const before = counts.get(group) ?? { requests: 0, found: 0 };
    counts.set(group, { requests: before.requests + probes.length, found: before.found + found });
    return shown;
  };

  if (outage) {
    await run('outage', planner.outage());
    notes.push(authorizerToo);
  } else {
    await run('rules', planner.rules());
    await run('methods', planner.methods());
    await run('paths', planner.paths());
    await run('overrides', planner.overrides());
    await run('credentials', planner.credentials());
    await run('upgrades', planner.upgrades());
    const echoes = planner.echoes();
    // A service that returns what it receives is not a finding: it reveals forged headers.
    const shown = await run('identity', echoes, () => null);
    const showing = firstOfEachCaller(echoes.filter((_, at) => shown[at]));
    await run(
      'identity',
      showing.flatMap((echo) => planner.forged(echo)),
    );
    await run(
      'leaks',
      showing.flatMap((echo) => planner.leaks(echo)),
    );
    if (showing.length === 0) notes.push(unseen);
    if (planner.good === null) notes.push(withoutCredential);
    else if (!showing.some(({ secrets }) => secrets.length > 0) && showing.length > 0) notes.push(unseenWithCredential);
    if (planner.skipped > 0) notes.push(unknownFacts);
  }
  return { ...about, counts, findings, notes };
}

/** One without and one with a credential. */
function firstOfEachCaller(echoes: readonly Probe[]): readonly Probe[] {
  return [echoes.find(({ secrets }) => secrets.length === 0), echoes.find(({ secrets }) => secrets.length > 0)].filter(
    (echo) => echo !== undefined,
  );
}

const authorizerToo =
  'If a proxy asks Rolegate, run this once more with Rolegate itself stopped: only then does a proxy show that it allows requests without it.';
const unseen =
  'Forged identity headers were not tried: no service returns the headers that it receives. Add a route to one that does, such as the sample service of "rolegate demo".';
const unseenWithCredential =
  'Credentials that reach the service were not checked: no service of a protected route returns the headers that it receives.';
const withoutCredential =
  'No valid credential was given, so no request was sent with one. Set ROLEGATE_CREDENTIAL="Authorization: Bearer ..." and --roles.';
const unknownFacts =
  'Some requests were not checked: conditions on the client address need the address of this machine in --client, and "maxAuthAge" needs the sign-in time, which is unknown.';

function planOf(config: Config, base: URL, options: ProveOptions): Plan {
  const { user, roles, groups, credential, client = null, unsafe = false } = options;
  const hasOwner = [user, roles, groups].some((given) => given !== undefined);
  if (client !== null && parseAddress(client) === null)
    throw usageError('rolegate: --client must be an address such as 192.0.2.7');
  if (credential !== undefined && !hasOwner)
    throw usageError('rolegate: describe the owner of the credential: --roles, --groups, --user');
  if (credential === undefined && hasOwner)
    throw usageError(
      'rolegate: --roles, --groups and --user describe the owner of a credential; give it in ROLEGATE_CREDENTIAL',
    );
  const identity = {
    ...sampleIdentity,
    userId: user ?? sampleIdentity.userId,
    roles: nameList(roles),
    groups: nameList(groups),
  };
  const good = credential === undefined ? null : { headers: readLines(credential), identity };
  return { config, host: base.host, good, unsafe, client };
}

/** The lines are not repeated in messages: they contain a credential. */
function readLines(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '') return [];
    const [, name, value] = /^([\w-]+):[ \t]*([\x20-\x7e]*[\x21-\x7e])[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw usageError('rolegate: a credential is given as header lines, such as "Authorization: Bearer ..."');
    return [name, value];
  });
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
