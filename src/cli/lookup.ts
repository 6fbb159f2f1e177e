/** `rolegate lookup`: shows what happened to a request, by the id that its client received, or lists recorded requests. */
import pc from 'picocolors';
import { didYouMean } from '../config/nearest-name.ts';
import { parseDuration, parseMoment } from '../config/units/quantities.ts';
import type { Explanation } from '../core/explain.ts';
import { asciiJson } from '../telemetry/log/ascii-json.ts';
import { recordedReasons } from '../telemetry/request-record.ts';
import { askAdmin } from './ask-admin.ts';
import { CommandError, ExitCode, usageError } from './exit-code.ts';
import { explanationText } from './explain/explanation-text.ts';

const usualAdmin = 'http://127.0.0.1:9090';
const filters = ['client', 'key', 'user', 'route', 'reason'] as const;

export interface LookupOptions extends Partial<Record<(typeof filters)[number], string>> {
  /** Admin ports of replicas. */
  readonly admin?: readonly string[];
  readonly adminToken?: string;
  /** ISO 8601, or a duration before now. */
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
  readonly json?: boolean;
}

/** The response of `GET /decisions/{id}`. */
interface Details {
  readonly request: Readonly<Record<string, unknown>>;
  readonly config: string;
  readonly identity: { readonly roles: readonly string[]; readonly groups: readonly string[] } | null;
  readonly explanation: Explanation | null;
  readonly rulesChanged: boolean;
  readonly shortened: boolean;
}

/** A `request` of `GET /decisions`: the members of a log line. */
type Listed = Readonly<Record<string, unknown>>;

export async function lookup(id: string | undefined, options: LookupOptions): Promise<ExitCode> {
  const criteria = [...filters, 'since' as const, 'until' as const].filter((name) => options[name] !== undefined);
  if (id !== undefined && criteria.length > 0) throw usageError('rolegate: an id cannot be combined with filters');
  const text = id === undefined ? await listed(options) : await decisionText(id, options);
  // Some of it comes from a client: its control characters must not reach the terminal.
  process.stdout.write(asciiJson(text));
  return ExitCode.fine;
}

async function decisionText(id: string, options: LookupOptions): Promise<string> {
  const path = `/decisions/${encodeURIComponent(id)}`;
  const {
    answers: [one],
    failures,
  } = await askAll<Details>(path, options);
  if (one !== undefined) return options.json === true ? `${JSON.stringify(one, null, 2)}\n` : textOf(one);
  if (failures.length > 0) throw new CommandError(failures.join('\n'));
  throw new CommandError(
    `rolegate: there is no record of a decision with the id ${id}. Without Redis, or while it is down, each replica has only its own records: repeat --admin for the others. See "records" in the configuration`,
  );
}

async function listed(options: LookupOptions): Promise<string> {
  if (options.reason !== undefined) checkReason(options.reason);
  const query = new URLSearchParams({ limit: options.limit });
  for (const name of filters) if (options[name] !== undefined) query.set(name, options[name]);
  for (const name of ['since', 'until'] as const)
    if (options[name] !== undefined) query.set(name, momentOf(name, options[name]));
  const { answers, failures } = await askAll<{ readonly decisions: readonly Listed[] }>(`/decisions?${query}`, options);
  if (answers.length === 0) throw new CommandError(failures.join('\n'));
  for (const failure of failures) process.stderr.write(`${failure}\n`);
  // Replicas that share Redis have the same records.
  const once = new Map(answers.flatMap(({ decisions }) => decisions.map((one) => [JSON.stringify(one), one] as const)));
  const newest = [...once.values()].sort((a, b) => (String(a['time']) < String(b['time']) ? 1 : -1));
  const page = newest.slice(0, Number(options.limit));
  if (options.json === true) return `${JSON.stringify({ decisions: page }, null, 2)}\n`;
  if (page.length === 0) return 'No recorded request matches.\n';
  const ofSeveral = new Set(page.map(({ instance }) => instance)).size > 1;
  return page.map((one) => lineOf(one, ofSeveral)).join('');
}

function checkReason(reason: string): void {
  const known = Object.keys(recordedReasons);
  if (known.includes(reason)) return;
  const hint = didYouMean(reason, known) ?? 'a reason of a condition is recorded as "condition_failed"';
  throw usageError(`rolegate: there is no reason ${JSON.stringify(reason)}: ${hint}`);
}

/** One line each, with the id for the next look-up. `ofSeveral`: the lines are of several replicas. */
function lineOf(request: Listed, ofSeveral: boolean): string {
  const { time, instance, status, outcome, reason, route, method, path, userId, keyId, client, errorId, requestId } =
    request;
  const who = [userId, keyId, client].filter((one) => one !== undefined).join(' ');
  const where = ofSeveral ? instance : undefined;
  const target = [route ?? '-', method, path ?? ''];
  const parts = [time, where, status ?? '-', reason ?? outcome, ...target, who, errorId ?? requestId];
  return `${parts.filter((part) => part !== undefined && part !== '').join('  ')}\n`;
}

/** The answers of replicas, and why others have none. An unknown id is no failure, and no answer. */
async function askAll<Answer>(path: string, { admin = [usualAdmin], adminToken }: LookupOptions) {
  const words = { purpose: 'lookup', notFound: null };
  const failures: string[] = [];
  const calls = admin.map((url) =>
    askAdmin(url, adminToken, { method: 'GET', path }, words).catch((error: unknown) => {
      if (!(error instanceof CommandError) || error.exitCode !== ExitCode.failed) throw error;
      failures.push(error.message);
      return null;
    }),
  );
  const answers = (await Promise.all(calls)).filter((answer) => answer !== null) as Answer[];
  return { answers, failures };
}

function momentOf(name: string, text: string): string {
  const ago = parseDuration(text);
  const moment = ago === null ? parseMoment(text) : Date.now() - ago;
  if (moment === null)
    throw usageError(`rolegate: expected --${name} as 2026-12-01T09:00:00Z, or as a duration such as 15m`);
  return new Date(moment).toISOString();
}

function textOf({ request, config, identity, explanation, rulesChanged, shortened }: Details): string {
  const { level: _, msg: __, ...fields } = request;
  const members: Record<string, unknown> = { ...fields, config };
  if (identity !== null)
    Object.assign(members, { roles: identity.roles.join(', '), groups: identity.groups.join(', ') });
  const width = Math.max(...Object.keys(members).map(({ length }) => length));
  const lines = Object.entries(members).map(([name, value]) => {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return `${pc.bold(name.padEnd(width))}  ${text}\n`;
  });
  const cut = shortened
    ? '\nThe record is shortened: long texts are truncated, at most 10 roles and groups are kept, and the decision is not explained.\n'
    : '';
  const happened = `${whatHappened(request)}\n${lines.join('')}${cut}`;
  if (explanation === null) return happened;
  const note = rulesChanged ? 'The rules have changed since then. The current ones decide as follows.\n\n' : '';
  return `${happened}\n${note}${explanationText(explanation, pc.isColorSupported)}`;
}

const verbs: Readonly<Record<string, string>> = {
  allow: 'forwarded',
  refuse: 'refused',
  fail: 'failed',
  page: 'responded to with a page of sign-in',
  abandon: 'ended by the client',
};

/** What an operator wants to know first: how it ended, why, where and when, and what to do. */
function whatHappened(request: Details['request']): string {
  const { outcome, status, reason, condition, route, time, method, host, path } = request;
  const known = Object.entries(recordedReasons).find(([code]) => code === reason)?.[1];
  const parts = [
    verbs[String(outcome)] ?? outcome,
    status,
    reason,
    condition === undefined ? undefined : `(${condition})`,
  ];
  const place = route === undefined ? '' : ` on route ${route}`;
  const line = `${parts.filter((part) => part !== undefined).join(' ')}${place}, ${time}`;
  const requestLine = [method, `${host ?? ''}${path ?? ''}`]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
  const why = known === undefined ? [] : [known.message, ...causeOf(request), known.advice];
  return `${[pc.bold(line), requestLine, ...why].filter((text) => text !== '').join('\n')}\n`;
}

/** What the log line names beside the reason. */
function causeOf({ authApi, err, rejection }: Details['request']): readonly string[] {
  if (rejection !== undefined) return [`Cause: ${rejection}`];
  const { url, kind, detail, message } = { ...Object(authApi), ...Object(err) } as Record<string, unknown>;
  if (authApi !== undefined) return [`Cause: ${url}: ${kind}, ${detail}`];
  return message === undefined ? [] : [`Cause: ${message}`];
}
