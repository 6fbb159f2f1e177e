/** The differences of two configurations as plain data, for JSON and as the source of text and Markdown. */
import type { Identity } from '../../core/identity/identity.ts';
import { momentInWords } from '../../core/policy/time-window.ts';
import { otherMethod } from '../../policy-model/match-pairs.ts';
import { signInWords } from '../../policy-model/samples/sign-in-ages.ts';
import type { CallerClass, Difference } from '../../policy-tools/diff/compare-policies.ts';
import type { SettingChange } from '../../policy-tools/diff/setting-changes.ts';
import type { Witness } from '../../policy-tools/diff/witness.ts';

export interface DiffReport {
  /** All decisions are equal, and no setting that affects access or exposure differs. */
  readonly same: boolean;
  readonly summary: DiffSummary;
  readonly newlyAllowed: readonly VerdictChange[];
  readonly newlyRefused: readonly VerdictChange[];
  readonly settings: readonly SettingChange[];
}

export interface DiffSummary {
  readonly byRoute: readonly RouteSummary[];
  readonly byCaller: readonly CallerSummary[];
}

/** Methods with requests that are decided differently. */
export interface RouteSummary {
  readonly route: string;
  readonly newlyAllowed: readonly string[];
  readonly newlyRefused: readonly string[];
}

/** Routes on which requests of such a caller are decided differently. */
export interface CallerSummary {
  readonly who: string;
  readonly newlyAllowed: readonly string[];
  readonly newlyRefused: readonly string[];
}

export interface VerdictChange {
  /** Methods with this change; `any other` means those that neither configuration lists. */
  readonly methods: readonly string[];
  readonly everyMethod: boolean;
  /** A request that was decided under both, and its sender; null: none was found. */
  readonly example: string | null;
  readonly exampleBy: string | null;
  readonly routeBefore: string | null;
  readonly routeAfter: string | null;
  readonly reasons: readonly string[];
  /** The affected callers in words; at least one description applies. */
  readonly who: readonly string[];
  /** There may be other combinations of roles. */
  readonly more: boolean;
  /** Conditions that affect it, in words. */
  readonly conditions: readonly string[];
  /** No request was found that shows it: it is only possible. */
  readonly possible: boolean;
}

/** `methods`: all that were compared. */
export function diffReport(
  differences: readonly Difference[],
  settings: readonly SettingChange[],
  methods: ReadonlySet<string> = new Set(),
): DiffReport {
  const of = (kind: Difference['kind']) =>
    merged(
      differences.filter((one) => one.kind === kind),
      methods,
    );
  const [newlyAllowed, newlyRefused] = [of('newlyAllowed'), of('newlyRefused')];
  const same = differences.length === 0 && settings.every((setting) => setting.class === 'neither');
  const summary = { byRoute: byRoute(newlyAllowed, newlyRefused), byCaller: byCaller(differences) };
  return { same, summary, newlyAllowed, newlyRefused, settings };
}

/** Only the changes of some routes. */
export function partOfDiff(
  report: DiffReport,
  isPart: (change: Pick<VerdictChange, 'routeBefore' | 'routeAfter'>) => boolean,
): DiffReport {
  const { newlyAllowed, newlyRefused, settings } = {
    newlyAllowed: report.newlyAllowed.filter(isPart),
    newlyRefused: report.newlyRefused.filter(isPart),
    settings: report.settings.filter(isPart),
  };
  const routes = byRoute(newlyAllowed, newlyRefused);
  const names = new Set(routes.map(({ route }) => route));
  const callers = report.summary.byCaller.map(({ who, ...cells }) => {
    return {
      who,
      newlyAllowed: cells.newlyAllowed.filter((one) => names.has(one)),
      newlyRefused: cells.newlyRefused.filter((one) => names.has(one)),
    };
  });
  const same = routes.length === 0 && settings.every((setting) => setting.class === 'neither');
  const summary = {
    byRoute: routes,
    byCaller: callers.filter((one) => one.newlyAllowed.length + one.newlyRefused.length > 0),
  };
  return { same, summary, newlyAllowed, newlyRefused, settings };
}

/** Methods of one change are listed together. */
function merged(differences: readonly Difference[], every: ReadonlySet<string>): readonly VerdictChange[] {
  const byRest = new Map<string, { methods: string[]; change: Omit<VerdictChange, 'methods' | 'everyMethod'> }>();
  for (const { method, witness, callers, kind: _, ...rest } of differences) {
    const change = {
      example: witness === null ? null : requestInWords(witness),
      exampleBy: witness === null ? null : senderInWords(witness),
      ...rest,
      who: whoInWords(callers),
    };
    const key = JSON.stringify({ ...change, example: witness?.request.target ?? null });
    const known = byRest.get(key);
    const name = methodInWords(method);
    if (known === undefined) byRest.set(key, { methods: [name], change });
    else known.methods.push(name);
  }
  return [...byRest.values()].map(({ methods, change }) => {
    const everyMethod = every.size > 0 && [...every].every((method) => methods.includes(methodInWords(method)));
    return { methods, everyMethod, ...change };
  });
}

interface Cells {
  readonly newlyAllowed: Set<string>;
  readonly newlyRefused: Set<string>;
}

function cellsOf(rows: Map<string, Cells>, name: string): Cells {
  const cells = rows.get(name) ?? { newlyAllowed: new Set<string>(), newlyRefused: new Set<string>() };
  rows.set(name, cells);
  return cells;
}

function listsOf({ newlyAllowed, newlyRefused }: Cells) {
  return { newlyAllowed: [...newlyAllowed], newlyRefused: [...newlyRefused] };
}

function byRoute(allowed: readonly VerdictChange[], refused: readonly VerdictChange[]): readonly RouteSummary[] {
  const rows = new Map<string, Cells>();
  for (const [kind, changes] of [['newlyAllowed', allowed] as const, ['newlyRefused', refused] as const]) {
    for (const { routeBefore, routeAfter, methods, everyMethod } of changes) {
      const cells = cellsOf(rows, routeInWords(routeBefore, routeAfter));
      for (const method of everyMethod ? ['every method'] : methods) cells[kind].add(method);
    }
  }
  return [...rows].map(([route, cells]) => ({ route, ...listsOf(cells) }));
}

/** Each role separately, if one is enough. */
function byCaller(differences: readonly Difference[]): readonly CallerSummary[] {
  const rows = new Map<string, Cells>();
  for (const { kind, routeBefore, routeAfter, callers } of differences) {
    const route = routeInWords(routeBefore, routeAfter);
    const alone = callers.flatMap((caller) => ('marks' in caller && caller.marks.length === 1 ? caller.marks[0]! : []));
    const others = callers.filter((caller) => !('marks' in caller) || caller.marks.length !== 1);
    for (const who of [...whoInWords(others), ...alone]) cellsOf(rows, who)[kind].add(route);
  }
  return [...rows].map(([who, cells]) => ({ who, ...listsOf(cells) }));
}

function methodInWords(method: string): string {
  return method === otherMethod ? 'any other' : method;
}

/** Such as `orders`, or `orders -> orders-admin` if the requests go to another one. */
export function routeInWords(routeBefore: string | null, routeAfter: string | null, none = 'no route'): string {
  if (routeBefore === routeAfter) return routeBefore ?? none;
  return `${routeBefore ?? 'no route'} -> ${routeAfter ?? 'no route'}`;
}

function whoInWords(callers: readonly CallerClass[]): readonly string[] {
  const words = callers.map(callerInWords);
  return everyone.every((one) => words.includes(one)) ? ['anyone'] : words;
}

const [anonymous, unresolved, anyIdentity] = [
  'without a credential',
  'with two credentials at once, or while the Auth API is unavailable',
  'any identity',
];
const everyone = [anonymous, unresolved, anyIdentity];

function callerInWords(caller: CallerClass): string {
  if (!('marks' in caller)) return caller.kind === 'anonymous' ? anonymous : unresolved;
  if (caller.marks.length === 0) return anyIdentity;
  if (caller.marks.length === 1) return caller.marks[0]!.join(' or ');
  const single = caller.marks.every((names) => names.length === 1 && names[0]!.startsWith('role '));
  if (single) return `roles ${caller.marks.map(([name]) => name!.slice('role '.length)).join(', ')} together`;
  return caller.marks.map((names) => (names.length === 1 ? names[0] : `(${names.join(' or ')})`)).join(' and ');
}

function requestInWords({ request: { method, host, target } }: Witness): string {
  return `${method} https://${host}${target}`;
}

/** The sender of the request, and its content besides method and URL. */
function senderInWords({ request, identity, caller }: Witness): string {
  const parts: string[] = [];
  if (identity !== null) parts.push(`by ${identityInWords(identity)}`);
  else parts.push(caller === 'unresolved' ? 'with two credentials at once' : 'without a credential');
  for (let i = 0; i < request.headers.length; i += 2) {
    const name = request.headers[i]!;
    if (caller !== 'unresolved' || !credentialHeaders.has(name)) parts.push(`${name}: ${request.headers[i + 1]}`);
  }
  if (request.client !== null) parts.push(`from ${request.client}`);
  if (request.trusted === true) parts.push('through a trusted proxy');
  if (request.time != null) parts.push(`at ${momentInWords(request.time)}`);
  return parts.join(', ');
}

const credentialHeaders: ReadonlySet<string> = new Set(['Authorization', 'api-key', 'api-secret']);

const byKind: Readonly<Record<Identity['kind'], string>> = {
  bearer: '',
  keyPair: ' by key pair',
  apiKey: ' by API key',
  session: ' by session',
  certificate: ' by certificate',
};

function identityInWords({
  kind,
  userId,
  roles,
  groups,
  sessionId,
  keyId,
  claims,
  authenticatedAtMs,
}: Identity): string {
  const list = (word: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${word}${names.length === 1 ? '' : 's'} ${names.join(', ')}`];
  const has = [
    ...list('role', roles),
    ...list('group', groups),
    ...(sessionId === null ? [] : [`session ${sessionId}`]),
    ...(keyId === null ? [] : [`key ${keyId}`]),
    ...Object.entries(claims).map(([name, value]) => `${name} ${value === null ? 'of another type' : String(value)}`),
  ];
  return `${userId}${byKind[kind]}${has.length === 0 ? '' : ` with ${has.join(' and ')}`}${signInWords(
    authenticatedAtMs,
  )
    .map((words) => `, ${words}`)
    .join('')}`;
}
