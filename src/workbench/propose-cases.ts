/**
 * Finds requests for what the tests have not touched yet, by trying: identities with and without the roles of a rule,
 * values that conditions name. Whatever is proposed has been decided, so it passes as it stands.
 */
import { Document, visit } from 'yaml';
import type { Config } from '../config/config.ts';
import type { TestCase } from '../config/test-suite.ts';
import type { Identity } from '../core/identity/identity.ts';
import { type Cell, effectInWords } from './coverage.ts';
import { hostOf } from './host-for.ts';
import { type CaseResult, decideCase, type PreparedCase, policyOf, wordOf } from './run-cases.ts';
import { simulate } from './simulate.ts';
import type { TestRun } from './test-report.ts';
import { trialsFor } from './trials.ts';

/** Requests that are tried for one effect of a rule. */
const mostTrials = 4_000;

/** In YAML the cases that are missing, and the identities that they need: for `tests`, or for a file of tests alone. */
export function proposeCases(config: Config, { coverage }: TestRun, form: 'section' | 'file' = 'section'): string {
  const missing = coverage.cells.filter(({ covered }) => !covered);
  if (missing.length === 0) return '# Nothing is missing: every effect of every rule is touched by a test.\n';
  const found = missing.map((cell) => ({ cell, trial: search(config, cell) }));
  const identities = new Map<string, Identity>();
  const cases = found.flatMap(({ cell, trial }) => {
    if (trial === null) return [];
    const { as, identity } = trial;
    if (as !== null && identity !== null && !config.tests.identities.has(as)) identities.set(as, identity);
    return [caseOf(cell, trial, config)];
  });
  const tests = {
    ...(identities.size === 0
      ? {}
      : {
          identities: Object.fromEntries(
            [...identities].map(([name, { roles, groups, kind }]) => [
              name,
              { roles, ...(groups.length === 0 ? {} : { groups }), ...(kind === 'bearer' ? {} : { kind }) },
            ]),
          ),
        }),
    cases,
  };
  const beyond = found.filter(({ trial }) => trial === null).map(({ cell }) => `# not found: ${describe(cell)}\n`);
  if (cases.length === 0) return `# No request was found for what is missing.\n${beyond.join('')}`;
  const document = new Document(form === 'section' ? { tests } : tests);
  visit(document, {
    Map(_, node, path) {
      // One line for each case and for each identity.
      if (path.length > (form === 'section' ? 5 : 3)) node.flow = true;
    },
  });
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: true }).trimEnd();
  return `# Add these to your tests, once you agree that it is what should happen.\n${text}\n${beyond.join('')}`;
}

export interface Trial {
  /** Name of the identity; null: none asks. */
  readonly as: string | null;
  readonly identity: Identity | null;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly client: string | null;
}

function search(config: Config, cell: Cell): Trial | null {
  const policy = policyOf(config);
  let left = mostTrials;
  for (const trial of trialsFor(config, cell)) {
    if (left === 0) return null;
    left -= 1;
    const prepared = prepare(config, cell, trial);
    const decision = decideCase(prepared, policy);
    if (decision.route !== cell.route) continue;
    if (shows(cell, decision)) return trial;
  }
  return null;
}

function shows({ effect }: Cell, decision: CaseResult['decision']): boolean {
  const word = wordOf((decision.outcome === 'allow' ? decision.shadowed : null) ?? decision);
  if (effect.kind === 'refuses') return word === effect.word;
  if (word !== null) return false;
  return effect.whom === 'anybody' || (decision.identity === null) === (effect.whom === 'anonymous');
}

function prepare({ credentials }: Config, { route }: Cell, trial: Trial): PreparedCase {
  const host = hostOf(route.pattern.host);
  const simulated = simulate({ ...trial, host, secure: true }, trial.identity, credentials);
  // Only its decision is looked at.
  return { test: null as unknown as TestCase, identity: trial.identity, simulated };
}

function caseOf(cell: Cell, trial: Trial, { identityHeaders, tests }: Config): object {
  const { route, effect, rule } = cell;
  const host = route.pattern.host;
  const url = host === null ? trial.target : `https://${hostOf(host)}${trial.target}`;
  // In the shadow the rule keeps nobody out, but for those whom it denies.
  const keeps = route.mode === 'enforce' || cell.rule.kind === 'deny';
  const refused = effect.kind === 'refuses' && keeps ? effect.word : null;
  // Only the service sees whether somebody is known to a rule that lets in everybody.
  const header = rule.kind === 'optional' ? identityHeaders.find(({ field }) => field === 'userId') : undefined;
  // Whoever is made for the case is called by its name.
  const userId = trial.as === null ? null : (tests.identities.get(trial.as)?.userId ?? trial.as);
  const known = header === undefined || userId === null || refused !== null ? null : { [header.name]: userId };
  const headers: Record<string, string> = {};
  for (let i = 0; i < trial.headers.length; i += 2) headers[trial.headers[i]!] = trial.headers[i + 1]!;
  return {
    ...(trial.as === null ? {} : { as: trial.as }),
    request: `${trial.method} ${url}`,
    ...(trial.headers.length === 0 ? {} : { headers }),
    ...(trial.client === null ? {} : { client: trial.client }),
    expect: refused === null ? 'allow' : 'refuse',
    route: route.id,
    ...(refused === null ? {} : { reason: refused }),
    ...(known === null ? {} : { upstreamHeaders: known }),
  };
}

function describe({ route, method, effect }: Cell): string {
  return `${route.id} ${method} ${effectInWords(effect)}`;
}
