/**
 * The model of requests and identities against the gateway: what it calls impossible is never decided, whatever a source returns; its
 * examples are decided as it says, by identities that the source can return; and a comparison misses no change.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { Authentication } from '../../src/core/identity/authentication.ts';
import type { Identity } from '../../src/core/identity/identity.ts';
import { readIdentity } from '../../src/core/identity/read-fields.ts';
import type { PolicyModel } from '../../src/policy-model/authentications.ts';
import { differ } from '../../src/policy-model/differences.ts';
import { canShow, type Effect, examplesOfEffect } from '../../src/policy-model/effects.ts';
import { rulesOf } from '../../src/policy-model/route-of-method.ts';
import { isUnread } from '../../src/policy-model/samples/scoped-texts.ts';
import { type SimulatedRequest, simulate } from '../../src/policy-model/simulate.ts';
import { setsOf } from '../../src/policy-model/verdicts.ts';
import { comparePolicies } from '../../src/policy-tools/diff/compare-policies.ts';
import { policyOf, wordOf } from '../../src/policy-tools/run-cases.ts';
import { pair, requests, world } from './model-worlds.ts';

/** As the source reads it; null: it returns no identity. */
function read(json: object, { kind, acceptedBy: source, users, fields }: Authentication): Identity | null {
  const found = readIdentity(json, {
    ...{ source, users, kind, fractions: true, settings: 's' },
    fields: { ...fields, expireAt: null },
    events: { claimUnreadable: () => {} },
  });
  return 'identity' in found ? found.identity : null;
}

function decided(request: SimulatedRequest, identity: Identity | null, policy: PolicyModel): Decision {
  const { view, resolution } = simulate(request, identity, policy.credentials);
  return decide(view, policy, () => resolution) as Decision;
}

function requestFor(target: string, headers: readonly string[]): SimulatedRequest {
  return { method: 'GET', host: 'a.test', secure: true, target, headers, client: null };
}

/** JSON for which the source returns such an identity, and fields that it requires. */
function jsonOf(
  { userId, keyId, sessionId, groups, roles, claims }: Identity,
  { users, fields }: Authentication,
): object {
  const isRequired = (name: string) => {
    const rules = { k: fields.keyId, s: fields.sessionId, at: fields.authenticatedAt };
    const rule = Object.hasOwn(rules, name)
      ? rules[name as keyof typeof rules]
      : (fields.claims.find((claim) => claim.name === name)?.rule ?? null);
    return rule !== null && 'optional' in rule && !rule.optional;
  };
  const usual = { k: 'a-key', s: 'a-session', at: 1_700_000_000, plan: 'gold', level: 1, tags: [] };
  const required = Object.entries(usual).filter(([name]) => isRequired(name));
  const read = Object.entries(claims).map(([name, value]) => [name, value ?? { of: 'another type' }]);
  return {
    ...{ sub: userId.slice(users.prefix.length), g: groups, r: roles },
    ...Object.fromEntries(required),
    ...(keyId === null ? {} : { k: keyId }),
    ...(sessionId === null ? {} : { s: sessionId }),
    ...Object.fromEntries(read),
  };
}

function allows(decision: Decision, effect: Effect): boolean {
  return effect.kind === 'allows'
    ? decision.outcome === 'allow'
    : wordOf(decision) === (effect as { word?: string }).word;
}

const words = ['word_0', 'word_1', 'of_policy', 'role_missing', 'role_forbidden', 'credential_missing'];
const effects: readonly Effect[] = [
  { kind: 'allows', whom: 'anybody' },
  ...words.map((word): Effect => ({ kind: 'refuses', word })),
];

export function neverHappens(numRuns: number): void {
  const seen = { impossible: 0, reached: 0 };
  fc.assert(
    fc.property(world, fc.array(requests, { minLength: 60, maxLength: 60 }), (config, all) => {
      const policy = policyOf(config);
      const [route] = config.routes.routes;
      const [[, rule]] = rulesOf(route!) as [[string, Parameters<typeof canShow>[1]]];
      const impossible = effects.filter((effect) => !canShow(route!, rule, effect, policy));
      seen.impossible += impossible.length;
      for (const { segment, query, headers, json, by } of all) {
        const way = policy.authentications[by % policy.authentications.length];
        const identity = json === null || way === undefined ? null : read(json, way);
        const decision = decided(requestFor(`/a/${segment}${query}`, headers), identity, policy);
        if (decision.route === null) continue;
        seen.reached += 1;
        const wrong = impossible.find((effect) => allows(decision, effect));
        if (wrong !== undefined)
          expect.fail(`${JSON.stringify({ wrong, segment, query, headers, identity, when: route!.conditions })}`);
      }
    }),
    { numRuns },
  );
  expect(seen.impossible).toBeGreaterThan(numRuns / 2);
  expect(seen.reached).toBeGreaterThan(numRuns);
}

export function examplesHold(numRuns: number): void {
  const seen = { shown: 0, notShown: 0 };
  fc.assert(
    fc.property(world, (config) => {
      const policy = policyOf(config);
      const [route] = config.routes.routes;
      const [[, rule]] = rulesOf(route!) as [[string, Parameters<typeof canShow>[1]]];
      const hasScope = setsOf({ route: route!, rule }).some((set) => [...set].some(isUnread));
      const path = route!.pattern.path.replace(/\{id[^}]*\}/, '1');
      const callers = { ...policy, identities: new Map(), nameOf: () => 'anyone' };
      const destination = { method: 'GET', host: 'a.test', path };
      for (const effect of effects) {
        if (!canShow(route!, rule, effect, policy)) {
          expect([...examplesOfEffect(route!, rule, effect, callers, [destination])]).toEqual([]);
          continue;
        }
        const shown = examplesOfEffect(route!, rule, effect, callers, [destination]).find(
          ({ target, headers, identity }) => allows(decided(requestFor(target, headers), identity, policy), effect),
        );
        // A scope that cannot be read has no example.
        if (!hasScope) seen[shown === undefined ? 'notShown' : 'shown'] += 1;
        if (shown?.identity == null) continue;
        const { kind, acceptedBy } = shown.identity;
        const way = policy.authentications.find((one) => one.kind === kind && one.acceptedBy === acceptedBy)!;
        const json = jsonOf(shown.identity, way);
        const identity = read(json, way);
        expect(identity, JSON.stringify(json)).not.toBeNull();
        const decision = decided(requestFor(shown.target, shown.headers), identity, policy);
        if (!allows(decision, effect)) expect.fail(JSON.stringify({ effect, json, shown, when: route!.conditions }));
      }
    }),
    { numRuns },
  );
  expect(seen.shown).toBeGreaterThan(numRuns);
  // A quarter, and ten by chance: with few worlds, one that shows nothing weighs much.
  expect(seen.notShown).toBeLessThan(seen.shown / 4 + 10);
}

export function changesFound(numRuns: number): void {
  const seen = { equivalent: 0, same: 0, changed: 0 };
  fc.assert(
    fc.property(pair, fc.array(requests, { minLength: 60, maxLength: 60 }), (configs, all) => {
      const [before, after] = configs.map(policyOf) as [PolicyModel, PolicyModel];
      const kinds = comparePolicies(before, after).map(({ kind }) => kind);
      const differs = differ(before, after);
      if (kinds.length === 0) seen.equivalent += 1;
      if (!differs) seen.same += 1;
      for (const { segment, query, headers, json, by } of all) {
        const way = before.authentications[by % before.authentications.length];
        const identity = json === null || way === undefined ? null : read(json, way);
        const request = requestFor(`/a/${segment}${query}`, headers);
        const decisions = [before, after].map((policy) => decided(request, identity, policy));
        const [was, is] = decisions.map(({ outcome }) => outcome === 'allow');
        const isAlike = new Set(decisions.map((one) => `${one.route?.id} ${wordOf(one)}`)).size === 1;
        if (!isAlike && !differs)
          expect.fail(JSON.stringify({ segment, query, headers, identity, rules: configs.map(rulesIn) }));
        if (was === is) continue;
        seen.changed += 1;
        const kind = is === true ? 'newlyAllowed' : 'newlyRefused';
        if (!kinds.includes(kind))
          expect.fail(JSON.stringify({ kind, segment, query, headers, identity, rules: configs.map(rulesIn) }));
      }
    }),
    { numRuns },
  );
  expect(seen.equivalent).toBeGreaterThan(numRuns / 20);
  expect(seen.same).toBeGreaterThan(numRuns / 40);
  expect(seen.changed).toBeGreaterThan(numRuns / 4);
}

function rulesIn({ routes: { routes } }: Config): unknown {
  return routes.map(({ pattern, access, conditions }) => [pattern.path, access.every, conditions]);
}
