/** Runs the groups of probes, and collects what they find, what got no response, and what could not be tried. */
import { CommandError } from '../exit-code.ts';
import type { DownPart } from './down-parts.ts';
import { compareEcho, readEcho } from './echo.ts';
import { fateOf, judge } from './judge-reply.ts';
import type { Planner } from './plan-probes.ts';
import type { Finding, Group, Probe, Reply } from './probe.ts';
import type { GroupCount, ProveReport, UnansweredProbe } from './prove-report.ts';
import type { Sender } from './send-probe.ts';

interface RunSettings extends Pick<ProveReport, 'url' | 'file'> {
  /** Null: everything runs. */
  readonly down: DownPart | null;
  /** URL of the echo service; null: none. */
  readonly echo: string | null;
}

type Judge = (probe: Probe, reply: Reply) => Finding | null;

/** Maximum concurrent requests. */
const atOnce = 4;

export async function askAll(
  planner: Planner,
  sender: Sender,
  { url, file, down, echo }: RunSettings,
): Promise<ProveReport> {
  const findings: Finding[] = [];
  const unanswered: UnansweredProbe[] = [];
  const counts = new Map<Group, GroupCount>();
  const notes: string[] = [];
  const unchecked: string[] = [];
  const count = (group: Group, requests: number, problems: number, silent = 0) => {
    const before = counts.get(group) ?? { requests: 0, found: 0, unanswered: 0 };
    counts.set(group, {
      requests: before.requests + requests,
      found: before.found + problems,
      unanswered: before.unanswered + silent,
    });
  };
  const find = (group: Group, finding: Finding | null) => {
    if (finding === null) return;
    count(group, 0, 1);
    findings.push(finding);
  };
  /** Sends a group of probes, and returns which replies show their marker. */
  const run = async (group: Group, probes: readonly Probe[], judged: Judge = judge): Promise<readonly boolean[]> => {
    const visible: boolean[] = [];
    let next = 0;
    const work = async () => {
      for (let at = next++; at < probes.length; at = next++) {
        const probe = probes[at]!;
        const reply = await sender.send(probe);
        if ('why' in reply) {
          if (!sender.connected()) throw new CommandError(`rolegate: ${url} cannot be reached: ${reply.why}`);
          count(group, 1, 0, 1);
          unanswered.push({ probe, why: reply.why });
          continue;
        }
        count(group, 1, 0);
        visible[at] = probe.marker !== null && reply.text.includes(probe.marker);
        find(group, judged(probe, reply));
        const received = echo === null ? null : readEcho(reply);
        if (received === null) continue;
        count('received', 1, 0);
        find('received', compareEcho(probe, reply, received));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return visible;
  };

  if (down === 'auth-api') {
    await run('outage', planner.outage());
    notes.push(authorizerToo);
  } else if (down === 'authorizer') {
    const refused = planner.rules().filter(({ decision }) => decision?.outcome === 'refuse');
    const stopped = refused.map((probe): Probe => ({ ...probe, group: 'stopped' }));
    await run('stopped', stopped, judgeStopped);
  } else {
    await run('rules', planner.rules());
    await run('methods', planner.methods());
    const effects = planner.effects();
    unchecked.push(...effects.unchecked);
    await run('effects', effects.probes);
    await run('paths', planner.paths());
    await run('overrides', planner.overrides());
    await run('credentials', planner.credentials());
    await run('upgrades', planner.upgrades());
    const echoes = planner.echoes();
    // A service that returns what it receives is not a finding: it reveals forged headers.
    const visible = await run('identity', echoes, () => null);
    const showing = firstOfEachCaller(echoes.filter((_, at) => visible[at]));
    await run(
      'identity',
      showing.flatMap((one) => planner.forged(one)),
    );
    await run(
      'leaks',
      showing.flatMap((one) => planner.leaks(one)),
    );
    if (showing.length === 0) notes.push(unseen);
    if (planner.good === null) notes.push(withoutCredential);
    else if (!showing.some(({ secrets }) => secrets.length > 0) && showing.length > 0) notes.push(unseenWithCredential);
    if (planner.skipped > 0) notes.push(unknownFacts);
  }
  const withoutEcho = echo !== null && !counts.has('received');
  if (withoutEcho)
    notes.push(
      `No response came from the echo service ${echo}: put it behind the proxy, as the service of the routes.`,
    );
  return { url, file, counts, findings, unanswered, incomplete: withoutEcho, unchecked, notes };
}

/** A refusal by Rolegate shows that it runs: then nothing is known of the proxy alone. */
function judgeStopped(probe: Probe, reply: Reply): Finding | null {
  if (reply.status < 500 && fateOf(reply) === 'refused')
    throw new CommandError(
      `rolegate: Rolegate still runs: it refused ${probe.method} ${probe.target} with ${reply.status}. Stop every replica, then run this again.`,
    );
  return judge(probe, reply);
}

/** One without and one with a credential. */
function firstOfEachCaller(echoes: readonly Probe[]): readonly Probe[] {
  return [echoes.find(({ secrets }) => secrets.length === 0), echoes.find(({ secrets }) => secrets.length > 0)].filter(
    (one) => one !== undefined,
  );
}

const authorizerToo =
  'If a proxy asks Rolegate, also stop Rolegate itself and run this with "--outage-of authorizer": only then does a proxy show that it allows requests without it.';
const unseen =
  'Forged identity headers were not tried: no service returns the headers that it receives. Add a route to one that does, such as "rolegate echo".';
const unseenWithCredential =
  'Credentials that reach the service were not checked: no service of a protected route returns the headers that it receives.';
const withoutCredential =
  'No valid credential was given, so no request was sent with one. Set ROLEGATE_CREDENTIAL="Authorization: Bearer ..." and --roles.';
const unknownFacts =
  'Some requests were not checked: conditions on the client address need the address of this machine in --client, and "maxAuthAge" needs the sign-in time, which is unknown.';
