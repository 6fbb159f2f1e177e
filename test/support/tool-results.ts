/** Results of the policy tools for a configuration, as several tests compare them. */
import type { Config } from '../../src/config/config.ts';
import { type Explanation, explain } from '../../src/core/explain.ts';
import type { Identity } from '../../src/core/identity/identity.ts';
import { selectSource } from '../../src/identity/sources/select-source.ts';
import { type SimulatedRequest, simulate } from '../../src/policy-model/simulate.ts';
import { analyze } from '../../src/policy-tools/analysis/analyze.ts';
import type { Finding } from '../../src/policy-tools/analysis/finding.ts';
import { newIdentities, type Proposals, proposeCases } from '../../src/policy-tools/propose-cases.ts';
import { forwardingOf, policyOf } from '../../src/policy-tools/run-cases.ts';
import { runTests } from '../../src/policy-tools/test-report.ts';
import { casesText } from '../../src/policy-tools/written-cases.ts';

/** For rules: no similar names, and no origin that leads to the gateway itself. */
export function findingsOf(config: Config, nowMs?: number): readonly Finding[] {
  return analyze(
    config,
    () => null,
    () => false,
    nowMs,
  );
}

/** `request`: by default a GET without headers to any host. */
export function explained(
  config: Config,
  request: Partial<SimulatedRequest> & Pick<SimulatedRequest, 'target'>,
  identity: Identity | null,
): Explanation {
  const whole = { method: 'GET', host: 'any.test', secure: true, headers: [], client: null, ...request };
  const { view, resolution, facts } = simulate(whole, identity, config.credentials);
  return explain(view, {
    policy: policyOf(config),
    roles: config.roles,
    rules: forwardingOf(config),
    resolution,
    sourceOf: (credential) => selectSource(credential, config.sourceRule),
    facts,
  });
}

/** Cases that cover the rules and detect every change of them, also as a section of the file. */
export function proposed(config: Config): { readonly proposals: Proposals; readonly text: string } {
  const proposals = proposeCases(config, runTests(config, false), true);
  return { proposals, text: casesText({ identities: newIdentities(config, proposals), proposals }, 'section') };
}
