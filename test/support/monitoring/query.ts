/** Sends Prometheus the queries of a dashboard's panels, as Grafana does. */
import { everyS } from './prometheus.ts';
import type { World } from './world.ts';

export interface Series {
  readonly name: string;
  /** Seconds since the epoch, and values; NaN if there is no value. */
  readonly points: readonly (readonly [atS: number, value: number])[];
}

export interface Panel {
  readonly type: 'stat' | 'timeseries' | 'row';
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly custom?: { readonly stacking?: { readonly mode: string }; readonly lineInterpolation?: string };
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null; readonly color: string }[] };
    };
  };
}

export interface Dashboard {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface PanelData {
  readonly panel: Panel;
  readonly series: readonly Series[];
}

/** Queries without a series are added to `missing`. */
export async function dataOf(
  dashboard: Dashboard,
  { prometheus }: World,
  [fromS, toS]: readonly [number, number],
  missing: string[],
): Promise<readonly PanelData[]> {
  const all: PanelData[] = [];
  for (const panel of dashboard.panels) {
    const series: Series[] = [];
    for (const { expr, legendFormat } of panel.targets ?? []) {
      const query = expr.replaceAll('$__rate_interval', `${everyS * 6}s`).replaceAll(/\$(job|instance)\b/g, '.+');
      const parameters = new URLSearchParams({ query, start: `${fromS}`, end: `${toS}`, step: `${everyS}` });
      const response = await fetch(`${prometheus}/api/v1/query_range?${parameters}`);
      const { data, error } = (await response.json()) as RangeAnswer;
      if (data === undefined) throw new Error(`${panel.title}: ${error}: ${query}`);
      if (data.result.length === 0) missing.push(`${dashboard.title}, ${panel.title}: no series: ${query}`);
      for (const { metric, values } of data.result) {
        const name = legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '');
        series.push({ name, points: values.map(([at, value]) => [at, Number(value)]) });
      }
    }
    all.push({ panel, series });
  }
  return all;
}

interface RangeAnswer {
  readonly error?: string;
  readonly data?: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}
