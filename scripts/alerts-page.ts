/** Generates docs/reference/alerts.md from monitoring/alerts.yaml: the comments above the alerts are their runbooks. */
import { readFileSync } from 'node:fs';
import { type Alert, type AlertTimes, alertsFile, readRules, timesFile } from '../test/support/alert-rules.ts';
import { asGenerated } from './generated-page.ts';

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
