/** The alerts and recording rules of monitoring/alerts.yaml, and how long each alert takes. */
import { isMap, isSeq, parseDocument, type YAMLMap } from 'yaml';

export interface Alert {
  readonly name: string;
  readonly expr: string;
  /** How long the expression must be true; null: the alert fires at once. */
  readonly for: string | null;
  readonly severity: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Markdown. */
  readonly runbook: string;
}

export interface RecordingRule {
  readonly name: string;
  readonly expr: string;
  readonly meaning: string;
}

export interface Rules {
  readonly alerts: readonly Alert[];
  readonly records: readonly RecordingRule[];
}

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Seconds from the cause to the alert, by name. */
export type AlertTimes = Record<string, number>;

export const timesFile = new URL('../../monitoring/alert-times.json', import.meta.url);
export const alertsFile = new URL('../../monitoring/alerts.yaml', import.meta.url);

/** Throws if a rule has no comment. */
export function readRules(text: string): Rules {
  const groups = parseDocument(text).get('groups');
  const maps = isSeq(groups) ? groups.items.filter(isMap) : [];
  const rules = maps.flatMap((group) => {
    const list = group.get('rules');
    return isSeq(list) ? list.items.filter(isMap).map((map, index) => commented(map, index, list.commentBefore)) : [];
  });
  return {
    alerts: rules.flatMap(({ rule, comment }) =>
      rule.alert === undefined ? [] : [alertOf(rule.alert, rule, comment)],
    ),
    records: rules.flatMap(({ rule: { record, expr }, comment }) =>
      record === undefined ? [] : [{ name: record, expr, meaning: comment }],
    ),
  };
}

function commented(map: YAMLMap, index: number, above: string | null | undefined): { rule: Rule; comment: string } {
  const rule: Rule = map.toJSON();
  // YAML attaches the comment of the first rule to the list.
  const comment = (map.commentBefore ?? (index === 0 ? above : null) ?? '').replaceAll(/^ /gm, '').trim();
  if (comment === '') throw new TypeError(`alerts.yaml: ${rule.alert ?? rule.record} has no comment`);
  return { rule, comment };
}

function alertOf(name: string, { expr, for: wait, labels, annotations }: Rule, runbook: string): Alert {
  const severity = labels?.['severity'] ?? '';
  return { name, expr, for: wait ?? null, severity, annotations: annotations ?? {}, runbook };
}
