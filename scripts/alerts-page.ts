/** Generates docs/reference/alerts.md from monitoring/alerts.yaml: the comments above the alerts are their runbooks. */
import { readFileSync } from 'node:fs';
import { isMap, isSeq, parseDocument, type YAMLMap } from 'yaml';
import { asGenerated } from './generated-page.ts';

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

export const timesFile = new URL('../monitoring/alert-times.json', import.meta.url);
export const alertsFile = new URL('../monitoring/alerts.yaml', import.meta.url);

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

const opening = `# Alerts

Prometheus reads \`monitoring/alerts.yaml\` directly
(\`rule_files\`), the chart creates a \`PrometheusRule\` from it (\`prometheusRule.enabled\`), and \`compose.yaml\` uses it.
\`runbook_url\` of each alert is its section below; the chart prefixes it with \`prometheusRule.runbookBase\`.

\`critical\`: clients or revocations are affected now; page the operator. \`warning\`: investigate during working hours.

\`measured\`: seconds from the cause to the firing alert, with these rules and a scrape interval of 15 s, in runs of three gateways
that produced each cause once (\`test/e2e/support/alert-causes.ts\`). Rules are evaluated every 15 s, regardless of Prometheus' own
interval. Alertmanager adds its \`group_wait\`. Without a figure, only shortened
rules were run.
`;

/** The whole page. */
export function alertsPage(text = readFileSync(alertsFile, 'utf8')): string {
  const { alerts, records } = readRules(text);
  const times: AlertTimes = JSON.parse(readFileSync(timesFile, 'utf8'));
  const list = alerts.map(
    ({ name, severity, annotations }) =>
      `| [\`${name}\`](#${name.toLowerCase()}) | ${severity} | ${measured(times[name])} | ${plain(annotations['summary'] ?? '')} |`,
  );
  const rows = records.map(
    ({ name, meaning, expr }) => `| \`${name}\` | ${meaning} | \`${expr.replaceAll('|', '\\|')}\` |`,
  );
  const parts = [
    opening,
    `| alert | severity | measured | summary |\n|---|---|---|---|\n${list.join('\n')}\n`,
    ...alerts.map(section),
    `## Recording rules\n\nNames: level, metric, operation.\n\n| name | meaning | expression |\n|---|---|---|\n${rows.join('\n')}`,
  ];
  return asGenerated(parts.join('\n'), '`monitoring/alerts.yaml`', 'alerts-page.ts');
}

function section({ name, expr, for: wait, severity, runbook }: Alert): string {
  const when = wait === null ? 'at once' : `after ${wait}`;
  return `## ${name}\n\n${severity}, ${when}:\n\n\`\`\`promql\n${expr}\n\`\`\`\n\n${runbook}\n`;
}

function measured(seconds: number | undefined): string {
  return seconds === undefined ? '' : `${seconds} s`;
}

/** A summary without its template; labels are replaced by their names. */
function plain(summary: string): string {
  return summary.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '*$1*').replaceAll(/\{\{ \$value[^}]*\}\}/g, '*value*');
}
