/** The effective table of routes for people: where each request goes, and who may send it. */

import { schemesOf } from '../credential/challenges.ts';
import type { CredentialKind } from '../credential/credential.ts';
import type { CorsPolicy } from '../forwarding/cors.ts';
import type { ResponseRules } from '../forwarding/response-rules.ts';
import { type AccessRule, type AccessSource, isList, otherMethods } from '../policy/access.ts';
import type { Criterion } from '../policy/conditions.ts';
import { criterionInWords } from '../policy/describe-conditions.ts';
import { rolesInWords } from '../policy/role-expression.ts';
import { Ambiguity } from '../url/ambiguity.ts';
import type { ForwardedToken, Route } from './route.ts';
import { entriesOf, type RouteTable } from './route-table.ts';

/** Plain data that JSON can represent; null if the route sets no limit. */
export interface RouteDescription extends RouteExtras {
  readonly id: string;
  /** Position in the file, from 0. */
  readonly index: number;
  /** Null: any host. */
  readonly host: string | null;
  readonly path: string;
  /** All patterns but the first, if the route has several hosts or paths; absent: one pattern. */
  readonly furtherPatterns?: readonly { readonly host: string | null; readonly path: string }[];
  /** Methods that the route matches at all; null: every method. */
  readonly methods: readonly string[] | null;
  /** One entry per method that has a rule; `*` means every other method. Without it, others are refused with 405. */
  readonly access: readonly { readonly method: string; readonly rule: AccessSource }[];
  /** Conditions in words, each with the reason of its refusal; absent without conditions. */
  readonly when?: readonly ConditionDescription[];
  /** Ids of policies that are part of `access` and `when`; absent: none. */
  readonly policies?: readonly string[];
  readonly upstream: string;
  /** Kinds that the route accepts if it reads a credential. */
  readonly credentials: readonly CredentialKind[];
  /** Schemes in the challenges of a refused credential. */
  readonly challenges: readonly string[];
  readonly maxVerdictAgeMs: number | null;
  /** For methods with their own value; absent: none. */
  readonly maxVerdictAgeMsByMethod?: Readonly<Record<string, number>>;
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number | null;
  readonly maxBodyBytes: number | null;
  readonly rewrite: { readonly stripPrefix: string; readonly addPrefix: string } | null;
  readonly forwardCredentials: boolean;
  readonly websocket: boolean;
}

export interface ConditionDescription {
  readonly reason: string;
  readonly condition: string;
  /** Name under `conditions.named`; absent: the route itself contains it. */
  readonly name?: string;
  /** Id of the policy that requires it; absent: the route does. */
  readonly policy?: string;
  /** Methods to which it applies; absent: all. */
  readonly methods?: readonly string[];
  /** Methods to which it does not apply; absent: none. */
  readonly exceptMethods?: readonly string[];
}

/** In the order of the file. */
export function describeRoutes(table: RouteTable): readonly RouteDescription[] {
  return entriesOf(table.routes).map(([route, ...others], index) => ({
    id: route.id,
    index,
    host: route.pattern.host,
    path: route.pattern.path,
    ...(others.length === 0 ? {} : { furtherPatterns: others.map(({ pattern: { host, path } }) => ({ host, path })) }),
    methods: route.methods,
    access: describeAccess(route),
    ...(route.conditions === null ? {} : { when: route.conditions.map(describeCriterion) }),
    ...(route.restricted === null ? {} : { policies: route.restricted.policies.map(({ id }) => id) }),
    upstream: route.upstream,
    credentials: route.credentials,
    challenges: schemesOf(route.challenges),
    maxVerdictAgeMs: route.maxVerdictAgeMs,
    ...(route.maxVerdictAgeMsByMethod === null
      ? {}
      : { maxVerdictAgeMsByMethod: Object.fromEntries(route.maxVerdictAgeMsByMethod) }),
    timeoutMs: route.timeoutMs,
    idleTimeoutMs: route.idleTimeoutMs,
    maxBodyBytes: finite(route.maxBodyBytes),
    rewrite: route.rewrite === null ? null : { ...route.rewrite },
    forwardCredentials: route.forwardCredentials,
    websocket: route.websocket,
    ...describeExtras(route),
  }));
}

/** A rule in words, such as "any of user, reporter; none of suspended". */
export function ruleInWords(rule: AccessSource): string {
  if (typeof rule === 'string') return wordMeaning[rule];
  const words = rolesInWords(isList(rule) ? { any: rule } : rule);
  return words === '' ? wordMeaning.authenticated : words;
}

const wordMeaning = {
  public: 'everyone, no credential is read',
  optional: 'everyone, known or anonymous',
  authenticated: 'any identity',
  deny: 'no one',
} as const;

function describeCriterion(criterion: Criterion): ConditionDescription {
  const { word, name, policy, methods, exceptMethods } = criterion;
  return {
    reason: word,
    condition: criterionInWords(criterion),
    ...(name === null ? {} : { name }),
    ...(policy === null ? {} : { policy }),
    ...(methods === null ? {} : { methods }),
    ...(exceptMethods.length === 0 ? {} : { exceptMethods }),
  };
}

/** As matching treats it: HEAD follows GET, by the same rule unless it has its own (RFC 9110 section 9.3.2). */
function describeAccess(route: Route): RouteDescription['access'] {
  const { methods } = route;
  const listed = listedRules(route);
  const rules = listed.filter(
    ([method]) => methods === null || methods.includes(method) || (method === 'HEAD' && methods.includes('GET')),
  );
  const get = rules.findIndex(([method]) => method === 'GET');
  if (get >= 0 && !rules.some(([method]) => method === 'HEAD')) rules.splice(get + 1, 0, ['HEAD', rules[get]![1]]);
  return rules.map(([method, rule]) => ({ method, rule: accessSource(rule) }));
}

function listedRules({ access: { every, byMethod }, methods }: Route): readonly (readonly [string, AccessRule])[] {
  if (every === null) return [...byMethod];
  if (methods === null) return [...byMethod, [otherMethods, every]];
  const head = byMethod.get('HEAD');
  const rules = methods.map((method) => [method, byMethod.get(method) ?? every] as const);
  return head === undefined || methods.includes('HEAD') ? rules : [...rules, ['HEAD', head]];
}

export function accessSource(rule: AccessRule): AccessSource {
  if (rule.kind !== 'roles') return rule.kind;
  const { any, all, none } = rule.source;
  return any !== undefined && all === undefined && none === undefined ? any : rule.source;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Settings of a route other than access and destination; absent if unset. */
export interface RouteExtras {
  /** URL of the sign-in page. */
  readonly signIn?: string;
  readonly cors?: { readonly origins: readonly string[]; readonly credentials: boolean };
  /** Differences from the ordinary reading, in the words of the configuration. */
  readonly pathReading?: Readonly<Record<string, string | boolean>>;
  /** Token of the session that the service receives. */
  readonly forwardToken?: ForwardedToken;
  /** Audience of the signed identity. */
  readonly identityAssertion?: { readonly audience: string };
  /** `set`: unless the service has sent a security header itself. */
  readonly responseHeaders?: { readonly set: Readonly<Record<string, string>>; readonly remove: readonly string[] };
}

function describeExtras(route: Route): RouteExtras {
  const path = describePath(route);
  return {
    ...(route.signIn === null ? {} : { signIn: (route.signIn.origins?.[0] ?? '') + route.signIn.url }),
    ...(route.cors === null ? {} : { cors: describeCors(route.cors) }),
    ...(Object.keys(path).length === 0 ? {} : { pathReading: path }),
    ...(route.forwardToken === null ? {} : { forwardToken: route.forwardToken }),
    ...(route.audience === null ? {} : { identityAssertion: { audience: route.audience } }),
    ...(route.response === null ? {} : { responseHeaders: describeResponse(route.response) }),
  };
}

/** One line for each, such as `cors https://app.example.test`. */
export function extrasInWords({
  signIn,
  cors,
  pathReading,
  forwardToken,
  identityAssertion,
  responseHeaders,
}: RouteExtras): readonly string[] {
  const { set = {}, remove = [] } = responseHeaders ?? {};
  const added = Object.keys(set);
  return [
    ...(signIn === undefined ? [] : [`sign in at ${signIn}`]),
    ...(cors === undefined ? [] : [`cors ${cors.origins.join(', ')}${cors.credentials ? ' with cookies' : ''}`]),
    ...Object.entries(pathReading ?? {}).map(([key, value]) => `path ${key}: ${value}`),
    ...(forwardToken === undefined ? [] : [`${forwardToken} token of the session`]),
    ...(identityAssertion === undefined ? [] : [`signed identity for ${identityAssertion.audience}`]),
    ...(added.length === 0 ? [] : [`adds response headers ${added.join(', ')}`]),
    ...(remove.length === 0 ? [] : [`removes response headers ${remove.join(', ')}`]),
  ];
}

function describeCors({ anyOrigin, origins, wildcards, credentials }: CorsPolicy): NonNullable<RouteExtras['cors']> {
  const below = wildcards.map(({ scheme, suffix }) => `${scheme}*${suffix}`);
  return { origins: [...(anyOrigin ? ['*'] : []), ...origins, ...below], credentials };
}

function describePath({ tolerates, reading }: Route): Record<string, string | boolean> {
  const kept = Object.entries(Ambiguity).filter(([, bit]) => (tolerates & bit) !== 0);
  return {
    ...Object.fromEntries(kept.map(([name]) => [name, 'keep'])),
    ...(reading?.decodesSlash === true ? { encodedSlash: 'decode' } : {}),
    ...(reading !== null && reading.literals !== null ? { caseSensitive: false } : {}),
    ...(reading?.exactCase === true ? { caseSensitive: true } : {}),
    ...(reading?.mergesSlashes === false ? { mergeSlashes: false } : {}),
  };
}

function describeResponse({ names, added }: ResponseRules): NonNullable<RouteExtras['responseHeaders']> {
  const set = Object.fromEntries(added);
  return { set, remove: [...names].filter(([name, at]) => at < 0 && !Object.hasOwn(set, name)).map(([name]) => name) };
}
