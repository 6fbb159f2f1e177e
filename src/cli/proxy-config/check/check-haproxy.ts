/** Finds ways to bypass the script of Rolegate in HAProxy. */
import type { ProxySettings } from '../proxy-settings.ts';
import { duration } from './durations.ts';
import {
  decidedNames,
  type Finding,
  type FindingCode,
  mustBeRemoved,
  otherSpellings,
  UnreadableFileError,
} from './finding.ts';
import { readPattern } from './patterns.ts';

interface Line {
  readonly line: number;
  readonly words: readonly string[];
}

interface Section {
  readonly kind: string;
  readonly head: Line;
  readonly lines: readonly Line[];
}

type Report = (code: FindingCode, at: { line: number }, subject?: string) => void;

const kinds = new Set([
  'global',
  'defaults',
  'frontend',
  'backend',
  'listen',
  'cache',
  'peers',
  'resolvers',
  'userlist',
  'program',
  'ring',
]);
const rewrites = /^(?:set|replace)-(?:path|pathq|uri|query|method)$/;

export function checkHaproxy(text: string, settings: ProxySettings): readonly Finding[] {
  const findings: Finding[] = [];
  const report: Report = (code, { line }, subject = '') => findings.push({ code, line, subject });
  const sections = sectionsOf(text);
  if (!sections.some(serves)) throw new UnreadableFileError('no frontend forwards requests');
  for (const section of sections) {
    if (section.kind === 'global') checkGlobal(section, settings, report);
    if (serves(section)) checkFrontend(section, sections, settings, report);
    if (section.kind === 'backend') for (const rule of rulesOf(section)) checkAfter(rule, settings, report);
  }
  return findings;
}

function sectionsOf(text: string): readonly Section[] {
  const sections: { kind: string; head: Line; lines: Line[] }[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const words = raw.match(/"[^"]*"|'[^']*'|#.*|[^\s#]+/g)?.filter((word) => !word.startsWith('#')) ?? [];
    if (words.length === 0) continue;
    const line = { line: index + 1, words: words.map((word) => word.replace(/^(["'])(.*)\1$/, '$2')) };
    if (kinds.has(words[0]!)) sections.push({ kind: words[0]!, head: line, lines: [] });
    else if (sections.length === 0) throw new UnreadableFileError(`line ${index + 1} is not in a section`);
    else sections.at(-1)!.lines.push(line);
  }
  return sections;
}

function serves({ kind, lines }: Section): boolean {
  if (kind !== 'frontend' && kind !== 'listen') return false;
  return lines.some(({ words }) => ['default_backend', 'use_backend', 'server'].includes(words[0] ?? ''));
}

function rulesOf({ lines }: Section): Line[] {
  return lines.filter(({ words }) => words[0] === 'http-request');
}

function checkGlobal({ lines }: Section, settings: ProxySettings, report: Report): void {
  const load = lines.find(({ words }) => words[0]?.startsWith('lua-load') && /rolegate\.lua$/.test(words[1] ?? ''));
  if (load === undefined) return;
  // The script reads them when it is loaded.
  const before = lines.slice(0, lines.indexOf(load));
  const value = (name: string) =>
    before.findLast(({ words }) => words[0] === 'setenv' && words[1] === `ROLEGATE_CHECK_${name}`)?.words[2] ?? '';
  if (!value('URL').endsWith(settings.checkPath)) report('check_path_wrong', load);
  const listed = new Set(value('HEADERS').toLowerCase().split(','));
  for (const [name, missing] of decidedNames(settings)) if (!listed.has(name)) report(missing, load, name);
  if (duration(value('MILLISECONDS'), 'ms') < settings.waitMs - 1_000) report('deadline_short', load);
}

function checkFrontend(section: Section, sections: readonly Section[], settings: ProxySettings, report: Report): void {
  const { lines, head } = section;
  const defaults = sections.find(({ kind }) => kind === 'defaults')?.lines ?? [];
  const mode = [...defaults, ...lines].filter(({ words }) => words[0] === 'mode').at(-1);
  if (mode?.words[1] === 'tcp') report('not_checked', mode, 'mode tcp');
  const rules = rulesOf(section);
  const asks = rules.findIndex(({ words }) => words[1] === 'lua.rolegate');
  if (asks < 0) {
    report('not_checked', head);
    return;
  }
  const ask = rules[asks]!;
  if (ask.words.length > 2) report('not_checked', ask, ask.words.slice(2).join(' '));
  const before = rules.slice(0, asks);
  for (const rule of before) {
    if (rule.words[1] === 'allow' || rule.words[1] === 'use-service') report('not_checked', rule);
    if (rule.words[1] === 'cache-use') report('check_cached', rule);
  }
  for (const rule of rules.slice(asks + 1)) checkAfter(rule, settings, report);
  const strict = [...defaults, ...lines].some(
    ({ words }) => words[1] === 'http-restrict-req-hdr-names' && /^(?:delete|reject)$/.test(words[2] ?? ''),
  );
  const deletes = (name: string) => before.some((rule) => deletesHeader(rule, name));
  if (!strict) for (const name of otherSpellings(settings)) if (!deletes(name)) report('spelling_forwarded', ask, name);
  for (const name of mustBeRemoved) if (!deletes(name)) report('override_forwarded', ask, name);
  if (!before.some((rule) => limitsUpgrades(rule, [...defaults, ...lines]))) report('upgrade_forwarded', ask);
  if (!before.some(({ words }) => words[1] === 'del-header' && words[2]?.toLowerCase() === 'connection'))
    report('connection_list', ask);
}

/** Whether it leaves the header of a WebSocket alone, and no list of upgrades that begins with another. */
function limitsUpgrades({ words }: Line, lines: readonly Line[]): boolean {
  const [, action, name = '', when, ...conditions] = words;
  if (action !== 'del-header' || name.toLowerCase() !== 'upgrade') return false;
  if (when !== 'unless') return when === undefined;
  const named = lines.filter(({ words: [kind, acl = ''] }) => kind === 'acl' && conditions.includes(acl));
  const text = [...conditions, ...named.flatMap((acl) => acl.words)].join(' ').toLowerCase();
  return /hdr\(upgrade\) -i websocket\b/.test(text) && text.includes('hdr_cnt(upgrade) 1 ');
}

function deletesHeader({ words }: Line, name: string): boolean {
  const [, action, pattern = '', flag, method] = words;
  if (action !== 'del-header' || words.includes('if') || words.includes('unless')) return false;
  if (flag !== '-m') return pattern.toLowerCase() === name;
  if (method === 'reg') return readPattern(pattern)?.test(name) === true;
  if (method === 'beg') return name.startsWith(pattern);
  return method === 'end' ? name.endsWith(pattern) : method === 'sub' && name.includes(pattern);
}

/** A rule that runs after the check. */
function checkAfter(rule: Line, settings: ProxySettings, report: Report): void {
  const [, action = '', first = ''] = rule.words;
  const keeps = action === 'set-uri' && first === '%[pathq]';
  if (rewrites.test(action) && !keeps) report('path_changed', rule);
  const sets = action === 'set-header' || action === 'add-header' || action === 'replace-header';
  if (sets && settings.identity.includes(first.toLowerCase()))
    report('identity_not_from_check', rule, first.toLowerCase());
  if (sets && settings.credentials.includes(first.toLowerCase()))
    report('credential_forwarded', rule, first.toLowerCase());
}
