/** The content of a Rolegate dashboard, and how it is built for Grafana. */
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** Units as Grafana names them. */
export type Unit = 'reqps' | 'cps' | 'short' | 's' | 'bytes' | 'Bps' | 'percentunit';

export interface Query {
  readonly expr: string;
  /** With labels in double braces. */
  readonly legend: string;
}

/** A line for each series over time. */
export interface Chart {
  readonly title: string;
  /** What it shows, and what a bad value means. */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** Parts of a whole, one above the other. */
  readonly stacked?: boolean;
  /** Values stay constant until they change, such as states. */
  readonly steps?: boolean;
}

/** One number. Colored from `warnAt` and `badAt` upward, or downward with `lowIsBad`. */
export interface Figure {
  readonly title: string;
  readonly description: string;
  readonly unit: Unit;
  readonly expr: string;
  readonly warnAt?: number;
  readonly badAt?: number;
  readonly lowIsBad?: boolean;
}

export interface DashboardContent {
  /** Also the name of its file. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly figures: readonly Figure[];
  readonly rows: readonly { readonly title: string; readonly charts: readonly Chart[] }[];
}

/** Series of the gateways that the dashboard's variables select. */
export const of = (metric: string, labels = '') =>
  `${metric}{job=~"$job", instance=~"$instance"${labels === '' ? '' : `, ${labels}`}}`;

/** Increase per second. */
export const rate = (metric: string, labels = '') => `rate(${of(metric, labels)}[$__rate_interval])`;

/** The time within which this share of the histogram's observations completed. */
export const quantile = (share: number, histogram: string, by: readonly string[] = [], labels = '') =>
  `histogram_quantile(${share}, sum by (${['le', ...by].join(', ')}) (${rate(`${histogram}_bucket`, labels)}))`;

/** A line for each gateway. */
export function perGateway(title: string, description: string, unit: Unit, expr: string): Chart {
  return { title, description, unit, queries: [{ expr, legend: '{{instance}}' }] };
}

/** A line for each value of a label, for all gateways together. */
export function sumBy(label: string, title: string, description: string, unit: Unit, expr: string): Chart {
  return { title, description, unit, queries: [{ expr: `sum by (${label}) (${expr})`, legend: `{{${label}}}` }] };
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana.
const source = { type: 'prometheus', uid: '${datasource}' };
/** Columns of Grafana's grid. */
const columns = 24;
const figureHeight = 4;
const chartHeight = 8;

export function buildDashboard({ name, title, description, figures, rows }: DashboardContent): Dashboard {
  const dashboard = new DashboardBuilder(`Rolegate: ${title}`)
    .uid(`rolegate-${name}`)
    .description(description)
    .tags(['rolegate'])
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .link(
      new DashboardLinkBuilder('Rolegate')
        .type(DashboardLinkType.Dashboards)
        .tags(['rolegate'])
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(labelValues('job', 'rolegate_build_info'))
    .withVariable(labelValues('instance', 'rolegate_build_info{job=~"$job"}'));
  for (const [index, figure] of figures.entries()) {
    const upTo = (count: number) => Math.round((count * columns) / figures.length);
    dashboard.withPanel(
      figurePanel(figure)
        .span(upTo(index + 1) - upTo(index))
        .height(figureHeight),
    );
  }
  for (const { title: heading, charts } of rows) {
    dashboard.withRow(new RowBuilder(heading));
    for (const chart of charts) {
      dashboard.withPanel(
        chartPanel(chart)
          .span(columns / Math.min(3, charts.length))
          .height(chartHeight),
      );
    }
  }
  return dashboard.build();
}

function labelValues(label: string, series: string): QueryVariableBuilder {
  return new QueryVariableBuilder(label)
    .label(label)
    .datasource(source)
    .query(`label_values(${series}, ${label})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .current({ text: ['All'], value: ['$__all'] });
}

function queryOf({ expr, legend }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(String.fromCharCode(65 + index))
    .expr(expr)
    .legendFormat(legend)
    .datasource(source);
}

function chartPanel({ title, description, unit, queries, stacked = false, steps = false }: Chart): TimeSeriesBuilder {
  return new TimeSeriesBuilder()
    .title(title)
    .description(description)
    .datasource(source)
    .unit(unit)
    .min(0)
    .targets(queries.map(queryOf))
    .drawStyle(GraphDrawStyle.Line)
    .lineInterpolation(steps ? LineInterpolation.StepAfter : LineInterpolation.Linear)
    .lineWidth(stacked ? 1 : 2)
    .fillOpacity(stacked ? 60 : 0)
    .stacking(new StackingConfigBuilder().mode(stacked ? StackingMode.Normal : StackingMode.None).group('A'))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
}

function figurePanel({ title, description, unit, expr, warnAt, badAt, lowIsBad = false }: Figure): StatBuilder {
  const limits = [
    { at: warnAt, color: 'orange' },
    { at: badAt, color: 'red' },
  ].flatMap(({ at, color }) => (at === undefined ? [] : [{ value: at, color }]));
  const steps = lowIsBad
    ? // From below: bad, and good from the limit on.
      [{ value: null, color: 'red' }, ...limits.map(({ value }) => ({ value, color: 'green' }))]
    : [{ value: null, color: limits.length === 0 ? 'text' : 'green' }, ...limits];
  return new StatBuilder()
    .title(title)
    .description(description)
    .datasource(source)
    .unit(unit)
    .withTarget(queryOf({ expr, legend: title }, 0))
    .graphMode(BigValueGraphMode.Area)
    .colorMode(BigValueColorMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
}
