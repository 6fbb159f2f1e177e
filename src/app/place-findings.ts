/** Analyzes a configuration and locates each finding. */
import type { Config } from '../config/config.ts';
import { nearestName } from '../config/nearest-name.ts';
import type { Places } from '../config/places.ts';
import { leadsTo } from '../config/units/parse-address.ts';
import type { ConfigProblem } from '../config/yaml/problem.ts';
import { analyze } from '../policy-tools/analysis/analyze.ts';
import { type Finding, findingKinds } from '../policy-tools/analysis/finding.ts';

export interface PlacedFinding extends Finding {
  readonly problem: ConfigProblem;
}

/** In the order of the files, the main one first. */
export function placedFindings(config: Config, places: Places): readonly PlacedFinding[] {
  const placed = analyze(config, nearestName, leadsTo).map((finding): PlacedFinding => {
    const { place, message, example, hint } = finding;
    const text = example === null ? message : `${message} (for example, ${example})`;
    return { ...finding, problem: places.problemAt(place, text, hint) };
  });
  const files = [...new Set(placed.map(({ problem }) => problem.file))];
  return placed.sort(
    ({ problem: a }, { problem: b }) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}

/** Those to which an operator should react. */
export function placedWarnings(config: Config, places: Places): readonly ConfigProblem[] {
  const warnings = placedFindings(config, places).filter(({ code }) => findingKinds[code].severity === 'warning');
  return warnings.map(({ problem }) => problem);
}
