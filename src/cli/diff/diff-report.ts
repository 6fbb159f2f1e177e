/** The differences of two configurations as plain data: fit for JSON, and what text and Markdown are made of. */
import type { CallerClass, Difference } from '../../workbench/diff/compare-policies.ts';
import { otherMethod } from '../../workbench/diff/meetings.ts';
import type { SettingChange } from '../../workbench/diff/setting-changes.ts';

export interface DiffReport {
  /** Nothing is decided otherwise, and no setting differs that bears on it. */
  readonly same: boolean;
  readonly newlyAllowed: readonly VerdictChange[];
  readonly newlyRefused: readonly VerdictChange[];
  readonly settings: readonly SettingChange[];
}

export interface VerdictChange {
  /** Methods for which it is so; `any other` stands for those that neither configuration names. */
  readonly methods: readonly string[];
  /** A request of the class, without its credential. */
  readonly example: string;
  readonly routeBefore: string | null;
  readonly routeAfter: string | null;
  readonly reasons: readonly string[];
  /** Who is concerned, each in words; at least one of them must be so. */
  readonly who: readonly string[];
  /** Conditions that bear on it, in words. */
  readonly conditions: readonly string[];
  /** There were too many classes to go through: it may be so. */
  readonly possible: boolean;
}

export function diffReport(differences: readonly Difference[], settings: readonly SettingChange[]): DiffReport {
  const of = (kind: Difference['kind']) => merged(differences.filter((one) => one.kind === kind));
  const [newlyAllowed, newlyRefused] = [of('newlyAllowed'), of('newlyRefused')];
  const same = differences.length === 0 && !settings.some(({ bearsOnVerdicts }) => bearsOnVerdicts);
  return { same, newlyAllowed, newlyRefused, settings };
}

/** Methods of one change stand together. */
function merged(differences: readonly Difference[]): readonly VerdictChange[] {
  const byRest = new Map<string, { methods: string[]; change: Omit<VerdictChange, 'methods'> }>();
  for (const { method, example, callers, routeBefore, routeAfter, reasons, conditions, possible } of differences) {
    const name = method === otherMethod ? 'any other' : method;
    const url = `${method === otherMethod ? 'PURGE' : method} https://${example.host}${example.path}`;
    const who = callers.map(callerInWords);
    const change = { example: url, routeBefore, routeAfter, reasons, who, conditions, possible };
    const key = JSON.stringify({ ...change, example: example.path });
    const known = byRest.get(key);
    if (known === undefined) byRest.set(key, { methods: [name], change });
    else known.methods.push(name);
  }
  return [...byRest.values()].map(({ methods, change }) => ({ methods, ...change }));
}

/** When the rules decide nothing otherwise. */
export function unchanged(settings: DiffReport['settings']): string {
  return settings.some(({ bearsOnVerdicts }) => bearsOnVerdicts)
    ? 'The rules decide as before, but settings below can decide otherwise.'
    : 'Every request is decided as before.';
}

/** Such as `orders`, or `orders -> orders-admin` when the requests go to another one. */
export function routeInWords(routeBefore: string | null, routeAfter: string | null, none = 'no route'): string {
  if (routeBefore === routeAfter) return routeBefore ?? none;
  return `${routeBefore ?? 'no route'} -> ${routeAfter ?? 'no route'}`;
}

function callerInWords(caller: CallerClass): string {
  if (!('marks' in caller)) {
    return caller.kind === 'nobody'
      ? 'without a credential'
      : 'with two credentials at once, or while the Auth API is away';
  }
  if (caller.marks.length === 0) return 'any identity';
  return caller.marks.map((names) => names.join(' or ')).join(', and ');
}
