/** Looks for what an author of rules most likely did not mean. `finding.ts` lists it. */
import type { Config } from '../../config/config.ts';
import { TooManyFormsError } from '../../core/url/form-texts.ts';
import { Probes } from '../../policy-model/probes.ts';
import { bypassedShapes } from './bypassed-shapes.ts';
import { suspectLiterals, uncomparedParams, unmeetableConditions } from './doubtful-conditions.ts';
import { idleRoles, idleUpstreams, type NearestName } from './doubtful-names.ts';
import { likeHosts, patternSlips } from './doubtful-patterns.ts';
import { idleParts, routesWithoutRule, unmeetableRules } from './doubtful-rules.ts';
import { type Finding, findingOf } from './finding.ts';
import { expiredRoutes, idleConditions, unusedNames, unusedPolicies } from './idle-conditions.ts';
import { openRoutes } from './open-routes.ts';
import { repeatedLines } from './repeated-lines.ts';
import { unlistedMethods } from './unlisted-methods.ts';
import { unreachableRoutes } from './unreachable-routes.ts';
import { type LeadsTo, unsafeSettings } from './unsafe-settings.ts';

/**
 * `nearest` finds the name that the author most likely meant; `leadsTo` tests what an origin reaches. Findings are grouped by kind,
 * each group in file order.
 */
export function analyze(
  config: Config,
  nearest: NearestName,
  leadsTo: LeadsTo,
  nowMs = Date.now(),
): readonly Finding[] {
  return [
    ...routeFindings(config, nearest),
    ...routesWithoutRule(config),
    ...expiredRoutes(config, nowMs),
    ...unsafeSettings(config, leadsTo, nowMs),
    ...idleUpstreams(config),
  ];
}

function routeFindings(config: Config, nearest: NearestName): readonly Finding[] {
  try {
    return analyzeRoutes(config, nearest);
  } catch (error) {
    if (!(error instanceof TooManyFormsError)) throw error;
    const hint = 'write fewer or shorter alternatives, or shorter text around the parameters';
    const message = `the routes were not analyzed: ${error.message}`;
    return [findingOf('routes_unanalyzed', 'routes', { kind: 'setting', path: ['routes'] }, message, { hint })];
  }
}

function analyzeRoutes(config: Config, nearest: NearestName): readonly Finding[] {
  const probes = new Probes(config.routes);
  return onceEach([
    ...unreachableRoutes(probes),
    ...unlistedMethods(probes),
    ...idleRoles(config, nearest),
    ...unmeetableRules(config, probes),
    ...idleParts(config, probes),
    ...unmeetableConditions(config, probes),
    ...idleConditions(config, probes),
    ...unusedNames(config),
    ...repeatedLines(config),
    ...unusedPolicies(config),
    ...suspectLiterals(probes),
    ...patternSlips(probes),
    ...uncomparedParams(config, probes),
    ...likeHosts(probes),
    ...openRoutes(probes),
    ...bypassedShapes(probes),
  ]);
}

/** Reports a finding that several patterns of a route share only once. */
function onceEach(findings: readonly Finding[]): readonly Finding[] {
  const keyOf = ({ code, subject, place, message }: Finding) =>
    JSON.stringify([code, subject, message, 'index' in place ? (place.key ?? []) : place]);
  return [...Map.groupBy(findings, keyOf).values()].map(([first]) => first!);
}
