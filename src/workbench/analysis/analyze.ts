/** Looks for what an author of rules most likely did not mean: see `finding.ts` for the list. */
import type { Config } from '../../config/config.ts';
import type { Finding } from './finding.ts';
import { idleConditions } from './idle-conditions.ts';
import { idleRoles, idleUpstreams, type NearestName } from './idle-names.ts';
import { openRoutes } from './open-routes.ts';
import { Probes } from './probes.ts';
import { suspectLiterals } from './suspect-literals.ts';
import { unlistedMethods } from './unlisted-methods.ts';
import { unmeetableConditions } from './unmeetable-conditions.ts';
import { unmeetableRules } from './unmeetable-rules.ts';
import { unreachableRoutes } from './unreachable-routes.ts';

/** `nearest` finds the name that was most likely meant. Findings of one kind stand together, each in order of the file. */
export function analyze(config: Config, nearest: NearestName): readonly Finding[] {
  const probes = new Probes(config.routes);
  return [
    ...unreachableRoutes(probes),
    ...unlistedMethods(probes),
    ...idleRoles(config, nearest),
    ...unmeetableRules(config, probes),
    ...unmeetableConditions(probes),
    ...idleConditions(config, probes),
    ...suspectLiterals(probes),
    ...openRoutes(probes),
    ...idleUpstreams(config),
  ];
}
