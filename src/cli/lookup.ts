/** `rolegate lookup`: shows what happened to a request, by the id that its client received. */
import pc from 'picocolors';
import type { Explanation } from '../core/explain.ts';
import { reasons } from '../core/outcome/reasons.ts';
import { asciiJson } from '../telemetry/log/ascii-json.ts';
import { askAdmin } from './ask-admin.ts';
import { ExitCode } from './exit-code.ts';
import { explanationText } from './explain/explanation-text.ts';

export interface LookupOptions {
  readonly admin: string;
  readonly adminToken?: string;
  readonly json?: boolean;
}

/** The response of `GET /decisions/{id}`. */
interface Found {
  readonly request: Readonly<Record<string, unknown>>;
  readonly identity: { readonly roles: readonly string[]; readonly groups: readonly string[] } | null;
  readonly explanation: Explanation | null;
  readonly rulesChanged: boolean;
  readonly shortened: boolean;
}

export async function lookup(id: string, { admin, adminToken, json = false }: LookupOptions): Promise<ExitCode> {
  const path = `/decisions/${encodeURIComponent(id)}`;
  const words = {
    purpose: 'lookup',
    notFound: `there is no record of a decision with the id ${id}; see "records" in the configuration`,
  };
  const found = (await askAdmin(admin, adminToken, { method: 'GET', path }, words)) as Found;
  // Some of it comes from a client: its control characters must not reach the terminal.
  process.stdout.write(asciiJson(json ? `${JSON.stringify(found, null, 2)}\n` : textOf(found)));
  return ExitCode.fine;
}

function textOf({ request, identity, explanation, rulesChanged, shortened }: Found): string {
  const { level: _, msg: __, ...shown } = request;
  const members: Record<string, unknown> = { ...shown };
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
  abandon: 'ended by the client',
};

const serviceError = {
  message: 'The service responded with an error',
  advice: 'The response was forwarded. The service received the same requestId.',
};

/** What an operator wants to know first: how it ended, why, where and when, and what to do. */
function whatHappened(request: Found['request']): string {
  const { outcome, status, reason, condition, route, time, method, host, path } = request;
  const known =
    reason === 'service_error' ? serviceError : Object.entries(reasons).find(([code]) => code === reason)?.[1];
  const parts = [
    verbs[String(outcome)] ?? outcome,
    status,
    reason,
    condition === undefined ? undefined : `(${condition})`,
  ];
  const place = route === undefined ? '' : ` on route ${route}`;
  const line = `${parts.filter((part) => part !== undefined).join(' ')}${place}, ${time}`;
  const asked = [method, `${host ?? ''}${path ?? ''}`].filter((part) => part !== undefined && part !== '').join(' ');
  const why = known === undefined ? [] : [known.message, ...causeOf(request), known.advice];
  return `${[pc.bold(line), asked, ...why].filter((text) => text !== '').join('\n')}\n`;
}

/** What the log line names beside the reason. */
function causeOf({ authApi, err, rejection }: Found['request']): readonly string[] {
  if (rejection !== undefined) return [`Cause: ${rejection}`];
  const { url, kind, detail, message } = { ...Object(authApi), ...Object(err) } as Record<string, unknown>;
  if (authApi !== undefined) return [`Cause: ${url}: ${kind}, ${detail}`];
  return message === undefined ? [] : [`Cause: ${message}`];
}
