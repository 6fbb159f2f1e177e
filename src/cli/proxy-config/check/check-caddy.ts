/** Finds ways to bypass `forward_auth`. Directives of a `route` run in their order, others in Caddy's. */
import type { ProxySettings } from '../proxy-settings.ts';
import { type Directive, readBlocks } from './blocks.ts';
import { duration } from './durations.ts';
import { decidedNames, type Finding, type FindingCode, mustBeRemoved, UnreadableFileError } from './finding.ts';
import { readPattern } from './patterns.ts';

/** What is in effect where a directive runs. */
interface State {
  /** Null: no check so far. */
  readonly auth: Directive | null;
  /** Directives that ran before, in their order. */
  readonly before: readonly Directive[];
}

type Report = (code: FindingCode, at: { line: number }, subject?: string) => void;

const forwards = new Set(['reverse_proxy', 'php_fastcgi', 'file_server']);
const pathChanges = new Set(['rewrite', 'uri', 'handle_path', 'method', 'try_files']);
/** In Caddy's own order these run before the check, regardless of their position. */
const early = new Set(['request_header', 'rewrite', 'uri', 'method']);

export function checkCaddy(text: string, settings: ProxySettings): readonly Finding[] {
  const findings: Finding[] = [];
  const report: Report = (code, { line }, subject = '') => findings.push({ code, line, subject });
  const sites = readBlocks(text, '\n');
  if (!sites.some(doesForward)) throw new UnreadableFileError('no site forwards requests');
  for (const site of sites) {
    if (site.block === null) continue;
    // Options, snippets and sites are blocks alike.
    if (site.name === '') checkOptions(site.block, report);
    else walk(site.block, { auth: null, before: [] }, false, settings, report);
  }
  return findings;
}

function doesForward({ block }: Directive): boolean {
  return block?.some((one) => forwards.has(one.name) || doesForward(one)) === true;
}

function checkOptions(block: readonly Directive[], report: Report): void {
  for (const directive of block) {
    if (directive.name === 'trusted_proxies') checkTrusted(directive, report);
    checkOptions(directive.block ?? [], report);
  }
}

function checkTrusted(directive: Directive, report: Report): void {
  if (directive.args.some((arg) => arg === '0.0.0.0/0' || arg === '::/0')) report('trusts_forwarded', directive);
}

function walk(
  block: readonly Directive[],
  from: State,
  ordered: boolean,
  settings: ProxySettings,
  report: Report,
): void {
  let state = from;
  const inOrder = ordered ? block : [...block].sort((a, b) => rank(a) - rank(b));
  for (const directive of inOrder) {
    const { name, block: inner } = directive;
    if (name === 'forward_auth') {
      const [matcher = ''] = directive.args;
      // Requests that it does not match continue without a check.
      if (/^[/@]/.test(matcher)) report('not_checked', directive, matcher);
      checkAsking(directive, settings, report);
      state = { auth: directive, before: [...state.before, directive] };
      continue;
    }
    if (pathChanges.has(name) && (state.auth !== null || name === 'handle_path')) report('path_changed', directive);
    if (name === 'cache' && state.auth === null) report('check_cached', directive);
    if (forwards.has(name)) checkServing(directive, state, settings, report);
    else if (inner !== null && ['route', 'handle', 'handle_path'].includes(name))
      walk(inner, state, name === 'route', settings, report);
    state = { ...state, before: [...state.before, directive] };
  }
}

function rank({ name }: Directive): number {
  if (early.has(name)) return 0;
  if (name === 'forward_auth') return 1;
  return name === 'route' ? 2 : 3;
}

function checkServing(directive: Directive, { auth, before }: State, settings: ProxySettings, report: Report): void {
  if (auth === null) {
    report('not_checked', directive);
    return;
  }
  const after = before.slice(before.indexOf(auth) + 1);
  const copied = new Set(copiedBy(auth));
  const removedIn = (list: readonly Directive[]) =>
    new Set(
      list
        .filter(({ name }) => name === 'request_header')
        .flatMap(({ args }) => args.filter((arg) => arg.startsWith('-')).map((arg) => arg.slice(1).toLowerCase())),
    );
  const removed = removedIn(before);
  for (const [name, missing] of decidedNames(settings)) {
    const dropped =
      missing === 'credential_forwarded' && removedIn(after.filter(({ args }) => args.length === 1)).has(name);
    if (!copied.has(name) && !dropped) report(missing, auth, name);
  }
  const sets = [
    ...after.filter(({ name, args }) => name === 'request_header' && !args.some((arg) => arg.startsWith('-'))),
    ...(directive.block ?? []).filter(({ name }) => name === 'header_up'),
  ];
  for (const set of sets) {
    const header =
      set.args
        .find((arg) => !arg.startsWith('@'))
        ?.replace(/^[+?>]/, '')
        .toLowerCase() ?? '';
    if (settings.identity.includes(header)) report('identity_not_from_check', set, header);
  }
  for (const inner of directive.block ?? []) {
    if (inner.name === 'rewrite' || inner.name === 'method') report('path_changed', inner);
  }
  for (const name of mustBeRemoved) {
    const gone = [...removed].some((one) => one === name || (one.endsWith('*') && name.startsWith(one.slice(0, -1))));
    if (!gone) report('override_forwarded', directive, name);
  }
  if (!removed.has('connection')) report('connection_list', directive);
  if (!limitsUpgrades(before)) report('upgrade_forwarded', directive);
}

/** Whether the service receives no upgrade except a single WebSocket one. */
function limitsUpgrades(before: readonly Directive[]): boolean {
  const changes = before.filter(({ name }) => name === 'request_header').map(({ args }) => args);
  const removals = changes.filter((args) => /^-(?:connection|upgrade)$/i.test(args.at(-1) ?? ''));
  if (removals.some(({ length }) => length === 1)) return true;
  // A matcher tests each of several values, and Caddy forwards the first.
  const sets = changes.some((args) => args.slice(-2).join(' ').toLowerCase() === 'upgrade websocket');
  const others = before.filter((one) => one.name.startsWith('@') && isOtherUpgrade(one)).map(({ name }) => name);
  return sets && removals.some(([matcher = '']) => others.includes(matcher));
}

/** Whether a matcher matches every request without a WebSocket upgrade. */
function isOtherUpgrade({ args, block }: Directive): boolean {
  const negated = (block ?? []).filter(({ name }) => name === 'not');
  const lines = [
    ...(args[0] === 'not' ? [args.slice(1)] : []),
    ...negated.flatMap((not) => [not.args, ...(not.block ?? []).map(({ name, args: rest }) => [name, ...rest])]),
  ];
  return lines.some(([kind, header = '', ...patterns]) => {
    if (header.toLowerCase() !== 'upgrade') return false;
    const pattern = patterns.at(-1) ?? '';
    if (kind === 'header') return pattern.toLowerCase() === 'websocket';
    const regex = kind === 'header_regexp' ? readPattern(pattern) : null;
    return regex?.test('websocket') === true && !regex.test('h2c') && !regex.test('h2c, websocket, h2c');
  });
}

function copiedBy({ block }: Directive): string[] {
  const copies = (block ?? []).filter(({ name }) => name === 'copy_headers');
  // `A>B` copies under another name, and a block has one header a line.
  const names = copies.flatMap(({ args, block: lines }) => [
    ...args,
    ...(lines ?? []).flatMap(({ name, args: to }) => (to.length === 0 ? [name] : [])),
  ]);
  return names.filter((name) => !name.includes('>')).map((name) => name.toLowerCase());
}

function checkAsking(directive: Directive, settings: ProxySettings, report: Report): void {
  const block = directive.block ?? [];
  const uri = block.find(({ name }) => name === 'uri');
  if (uri === undefined) report('check_path_wrong', directive);
  else if (uri.args[0]?.replace(/\?$/, '') !== settings.checkPath) report('check_path_wrong', uri);
  for (const inner of block) {
    const header = inner.args[0]?.toLowerCase() ?? '';
    if (inner.name === 'header_up' && /^[+-]?x-forwarded-(?:uri|method|host)$/.test(header))
      report('target_not_raw', inner, header);
    if (inner.name === 'header_up' && /^[+-]?x-forwarded-for$/.test(header)) report('client_forgeable', inner, header);
    if (inner.name === 'trusted_proxies') checkTrusted(inner, report);
    if (inner.name === 'handle_response') report('refusal_bypassed', inner);
    if (inner.name === 'transport') {
      const wait = inner.block?.find(({ name }) => name === 'response_header_timeout');
      if (wait !== undefined && duration(wait.args[0] ?? '') < settings.waitMs - 1_000) report('deadline_short', wait);
      const unverified = inner.block?.find(({ name }) => name === 'tls_insecure_skip_verify');
      if (unverified !== undefined) report('check_unverified', unverified);
    }
  }
  if (
    settings.secret &&
    !block.some(({ name, args }) => name === 'header_up' && args[0]?.toLowerCase() === 'x-rolegate-authorizer')
  )
    report('field_missing', directive, 'x-rolegate-authorizer');
}
