/** Identities worth trying for one effect of a rule: none, those of the tests, and some that are made for the rule. */
import type { Config } from '../config/config.ts';
import { kindsOf } from '../core/credential/credential.ts';
import type { Identity } from '../core/identity/identity.ts';
import { scopedRole } from '../core/identity/scoped-role.ts';
import type { CompareStep, ConditionField } from '../core/policy/conditions.ts';
import type { Route } from '../core/routing/route.ts';
import { placeOfParam } from '../core/url/path-pattern.ts';
import { claimsAmong } from '../policy-model/samples/claim-values.ts';
import { sampleIdentity } from '../policy-model/samples/sample-identity.ts';
import { asHeld } from '../policy-model/samples/scoped-texts.ts';
import { signedInAt, signInKey, signInWords } from '../policy-model/samples/sign-in-ages.ts';
import { literalsAmong } from '../policy-model/samples/step-values.ts';
import type { Cell } from './coverage.ts';
import type { IdentityNames } from './identity-names.ts';
import { furtherSets, likelySets } from './role-sets.ts';

/** The rule that must have an effect. */
export type TrialGoal = Pick<Cell, 'route' | 'method' | 'rule'>;

/** Values of a request by source, such as `param 1`; null: absent. */
export type Chosen = ReadonlyMap<string, string | null>;

/** Represents the caller's own user id. */
export const own = '\0own';

/** No identity, those of the tests, and some made for the rule. */
export function* identitiesFor(
  config: Config,
  goal: TrialGoal,
  chosen: Chosen,
  reach: 'near' | 'far',
  names: IdentityNames,
): Generator<readonly [name: string | null, identity: Identity | null]> {
  const { tests, roleMapping } = config;
  yield [null, null];
  yield* tests.identities;
  const groups = [
    ...new Set(
      [...chosen].flatMap(([key, value]) =>
        key.startsWith('param ') && value !== null && value !== own ? [value] : [],
      ),
    ),
  ];
  const time = chosen.get('time') ?? null;
  const facts = {
    claims: claimsAmong(chosen),
    authenticatedAtMs: signedInAt(chosen.get(signInKey), time === null ? null : Number(time)),
  };
  const held = (roles: readonly string[]) => asHeld(roles, ({ param }) => scopeIn(goal.route, param, chosen));
  const likely = likelySets(goal.rule, config.roles);
  const sets = likely.map(held);
  const kinds = kindsOf(config.credentials);
  const others = kinds.filter((kind) => kind !== 'bearer');
  for (const held of sets) for (const among of [[], groups]) yield made(names, facts, held, among);
  const takesLess = kinds.some((kind) => !goal.route.credentials.includes(kind));
  if (takesLess) for (const kind of others) for (const held of sets) yield made(names, facts, held, groups, { kind });
  if (reach === 'near') return;
  const exempt = (goal.route.conditions ?? []).flatMap(({ unlessSource }) => unlessSource);
  const further = furtherSets(goal.rule, exempt, config.roles);
  const elsewhere = [...likely, ...further].filter((roles) => roles.some((role) => scopedRole(role) !== null));
  for (const roles of [...further.map(held), ...elsewhere.map((each) => asHeld(each, () => 'elsewhere'))]) {
    for (const among of [[], groups]) yield made(names, facts, roles, among);
  }
  for (const group of groupsCompared(goal.route)) for (const held of sets) yield made(names, facts, held, [group]);
  for (const { field, values } of roleMapping?.origins ?? []) {
    const [value = ''] = values;
    if (field === 'groups') yield made(names, facts, [], [value]);
    if (field === 'roles') yield made(names, facts, [value], []);
  }
  for (const kind of others) {
    for (const held of sets) for (const among of [[], groups]) yield made(names, facts, held, among, { kind });
  }
  for (const id of userIdsCompared(goal.route))
    for (const held of sets) yield made(names, facts, held, [], { userId: id });
  for (const source of sourcesCompared(goal.route, config)) {
    for (const held of sets) yield made(names, facts, held, [], { source, acceptedBy: source });
  }
}

/** The value of the parameter in the request. */
function scopeIn({ pattern }: Route, param: string | null, chosen: Chosen): string | null {
  if (param === null) return 'anywhere';
  const value = chosen.get(`param ${placeOfParam({ name: param }, pattern)}`);
  return value === undefined ? param : value === own ? null : value;
}

function made(
  names: IdentityNames,
  { claims, authenticatedAtMs }: Pick<Identity, 'claims' | 'authenticatedAtMs'>,
  held: readonly string[],
  among: readonly string[],
  further: Partial<Pick<Identity, 'kind' | 'userId' | 'source' | 'acceptedBy'>> = {},
): readonly [string, Identity] {
  const { kind = 'bearer' } = further;
  const words = [
    ...(held.length === 0 ? ['no_role'] : listed(held)),
    ...(among.length === 0 ? [] : ['in', ...listed(among)]),
    ...Object.entries(claims).flatMap(([name, value]) => [name, ...(Array.isArray(value) ? listed(value) : [value])]),
    ...signInWords(authenticatedAtMs),
    ...(kind === 'bearer' ? [] : [kind === 'keyPair' ? 'by_key' : 'by_api_key']),
  ];
  const identity = { ...sampleIdentity, roles: held, groups: among, claims, authenticatedAtMs, ...further };
  const name = further.userId === undefined ? names.nameOf(identity, words.join('_')) : names.free(further.userId);
  // Identities in a file have their name as id.
  const ids = kind === 'bearer' ? {} : { sessionId: null, keyId: `key-${name}` };
  return [name, { ...identity, ...ids, userId: name }];
}

/** The first two, and how many others there are. */
function listed(texts: readonly string[]): readonly string[] {
  const more = texts.length - 2;
  if (texts.length === 0) return [];
  return [texts.slice(0, 2).join('_and_'), ...(more > 0 ? [`and_${more}_more`] : [])];
}

/** The identity with a name that describes it. The name is also its user id, if that does not matter. */
export function named(identity: Identity, names: IdentityNames): readonly [name: string, identity: Identity] {
  const { roles, groups, kind, keyId, sessionId, userId } = identity;
  const isFree = userId.endsWith(sampleIdentity.userId);
  const words = [...listed([...roles, ...groups]), kind, keyId, sessionId, isFree ? null : userId];
  const name = names.nameOf(identity, words.filter((word) => word !== null).join('_'));
  return [name, isFree ? { ...identity, userId: userId.slice(0, -sampleIdentity.userId.length) + name } : identity];
}

/** User ids in conditions, if an identity can have that name. */
function userIdsCompared(route: Route): readonly string[] {
  const found = stepsAbout(route, 'userId').flatMap((step) => literalsAmong([step]).slice(0, maxLiterals));
  return found.filter((id) => /^[A-Za-z0-9_-]{1,60}$/.test(id));
}

/** Sources in conditions that accept bearers. */
function sourcesCompared(route: Route, { authApi, sources }: Config): readonly string[] {
  const known = [...(authApi === null ? [] : ['authApi']), ...sources.map(({ name }) => name)];
  return stepsAbout(route, 'source')
    .flatMap((step) => literalsAmong([step]))
    .filter((name) => known.includes(name))
    .slice(0, maxLiterals);
}

/** Groups in conditions, and one for each prefix in them. */
function groupsCompared(route: Route): readonly string[] {
  return stepsAbout(route, 'groups').flatMap((step) => {
    const ending = step.comparison.operator === 'startsWith' ? 'x' : '';
    return literalsAmong([step])
      .slice(0, maxLiterals)
      .map((literal) => literal + ending);
  });
}

/** Maximum literals of one step to try. */
const maxLiterals = 4;

function stepsAbout({ conditions }: Route, field: ConditionField): readonly CompareStep[] {
  return (conditions ?? [])
    .flatMap(({ steps }) => steps)
    .filter((step) => step.kind === 'compare')
    .filter(({ subject }) => subject.from === 'identity' && subject.field === field);
}
