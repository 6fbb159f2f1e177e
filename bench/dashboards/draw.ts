/** Draws the data of a dashboard as SVG, on the grid that Grafana would use. The drawing does not use Grafana. */
import type { PanelData, Series } from '../../test/support/monitoring/query.ts';
import { shown, ticks } from './units.ts';

const columnWidth = 52;
const lineHeight = 30;
const gap = 8;
const margin = 20;
const headHeight = 56;
const legendLine = 16;

const colors = [
  '#2a78d6',
  '#eb6834',
  '#1baf7a',
  '#eda100',
  '#e87ba4',
  '#4a3aa7',
  '#008300',
  '#e34948',
  '#7a8794',
  '#0f9db5',
];
const ofStates: Readonly<Record<string, string>> = {
  green: '#1a7f37',
  orange: '#bc6c00',
  red: '#c62828',
  text: '#1f2933',
};
const ink = { text: '#1f2933', quiet: '#5f6b7a', grid: '#e6eaee', frame: '#d5dbe1', page: '#f4f6f8', panel: '#ffffff' };

export function draw(title: string, subtitle: string, data: readonly PanelData[]): string {
  const width = 24 * columnWidth + 2 * margin;
  const bottom = Math.max(...data.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h));
  const height = headHeight + bottom * lineHeight + margin;
  const times = data.flatMap(({ series }) => series.flatMap(({ points }) => points.map(([at]) => at)));
  const span = { from: Math.min(...times), to: Math.max(...times) };
  const panels = data.map((one) => drawPanel(one, span)).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="12">
<title>${quoted(title)}</title>
<rect width="${width}" height="${height}" fill="${ink.page}"/>
<text x="${margin}" y="30" font-size="20" font-weight="600" fill="${ink.text}">${quoted(title)}</text>
<text x="${width - margin}" y="30" text-anchor="end" fill="${ink.quiet}">${quoted(subtitle)}</text>
<g transform="translate(${margin} ${headHeight})">
${panels}
</g>
</svg>
`;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function drawPanel(data: PanelData, span: Span): string {
  const { panel } = data;
  const [x, y] = [panel.gridPos.x * columnWidth, panel.gridPos.y * lineHeight];
  const [width, height] = [panel.gridPos.w * columnWidth - gap, panel.gridPos.h * lineHeight - gap];
  if (panel.type === 'row') {
    return `<text x="${x}" y="${y + 18}" font-size="15" font-weight="600" fill="${ink.text}">${quoted(panel.title)}</text>`;
  }
  const inside = panel.type === 'stat' ? drawFigure(data, span, width, height) : drawChart(data, span, width, height);
  return `<g transform="translate(${x} ${y})">
<rect width="${width}" height="${height}" rx="4" fill="${ink.panel}" stroke="${ink.frame}"/>
<text x="12" y="22" font-size="13" font-weight="600" fill="${ink.text}">${quoted(panel.title)}</text>
${inside}
</g>`;
}

function drawFigure({ panel, series }: PanelData, span: Span, width: number, height: number): string {
  const { unit = 'short', thresholds } = panel.fieldConfig!.defaults;
  const points = series[0]!.points.filter(([, value]) => Number.isFinite(value));
  const last = points.at(-1)?.[1] ?? Number.NaN;
  const state = thresholds!.steps.findLast(({ value }) => value === null || last >= value)!.color;
  const color = ofStates[state] ?? ink.text;
  const area = scaleOf(span, Math.max(...points.map(([, value]) => value), 1e-12), {
    ...{ left: 1, top: height - 34, width: width - 2, height: 33 },
  });
  const path = points.map(([at, value]) => `${area.x(at)},${area.y(value)}`).join(' ');
  const [first, end] = [area.x(points[0]?.[0] ?? 0), area.x(points.at(-1)?.[0] ?? 0)];
  return `<polygon points="${first},${height - 1} ${path} ${end},${height - 1}" fill="${color}" fill-opacity="0.12"/>
<polyline points="${path}" fill="none" stroke="${color}" stroke-opacity="0.5"/>
<text x="12" y="60" font-size="30" font-weight="600" fill="${color}">${quoted(shown(last, unit))}</text>`;
}

interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function scaleOf({ from, to }: Span, largest: number, { left, top, width, height }: Area) {
  const round = (value: number) => Math.round(value * 10) / 10;
  return {
    from,
    to,
    x: (at: number) => round(left + ((at - from) / (to - from || 1)) * width),
    y: (value: number) => round(top + height - (value / largest) * height),
  };
}

/** The largest series come first; of the rest the legend shows only the number. */
const maxInLegend = 9;

function drawChart({ panel, series: all }: PanelData, span: Span, width: number, height: number): string {
  const { unit = 'short', custom } = panel.fieldConfig!.defaults;
  const stacked = custom?.stacking?.mode === 'normal';
  const sumOf = ({ points }: Series) =>
    points.reduce((sum, [, value]) => sum + (Number.isFinite(value) ? value : 0), 0);
  const series = [...all].sort((a, b) => sumOf(b) - sumOf(a));
  const times = [...new Set(series.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const layers = stacked ? stack(series, times) : series.map(({ points }) => ({ low: null, high: points }));
  const values = layers.flatMap(({ high }) => high.map(([, value]) => value)).filter(Number.isFinite);
  const marks = ticks(Math.max(...values, 0));
  const legend = drawLegend(
    series.map(({ name }) => name),
    width,
    height,
  );
  const labels = marks.map((mark) => shown(mark, unit));
  const left = 20 + 6.4 * Math.max(...labels.map(({ length }) => length));
  const scale = scaleOf(span, marks.at(-1)!, {
    left,
    top: 36,
    width: width - left - 14,
    height: height - 36 - 24 - legend.height,
  });
  const lines = layers.map(({ low, high }, index) => {
    const color = colors[index % colors.length]!;
    const upper = pathOf(high, scale, custom?.lineInterpolation === 'stepAfter');
    if (low === null)
      return `<path d="${upper}" fill="none" stroke="${color}" stroke-width="1.8" stroke-linejoin="round"/>`;
    const lower = low.toReversed().map(([at, value]) => `L${scale.x(at)} ${scale.y(value)}`);
    return `<path d="${upper}${lower.join('')}Z" fill="${color}" fill-opacity="0.75" stroke="${ink.panel}" stroke-width="0.6"/>`;
  });
  return `${drawAxes(marks, labels, scale, left, width)}\n${lines.join('\n')}\n${legend.text}`;
}

function drawAxes(
  marks: readonly number[],
  labels: readonly string[],
  scale: ReturnType<typeof scaleOf>,
  left: number,
  width: number,
): string {
  const horizontal = marks.map(
    (
      mark,
      index,
    ) => `<line x1="${left}" x2="${width - 14}" y1="${scale.y(mark)}" y2="${scale.y(mark)}" stroke="${ink.grid}"/>
<text x="${left - 6}" y="${scale.y(mark) + 4}" text-anchor="end" font-size="11" fill="${ink.quiet}">${quoted(labels[index]!)}</text>`,
  );
  const minutes = Array.from({ length: Math.floor((scale.to - scale.from) / 60) + 1 }, (_, minute) => minute);
  const below = minutes.map((minute) => {
    const x = scale.x(scale.from + minute * 60);
    return `<text x="${x}" y="${scale.y(0) + 15}" text-anchor="middle" font-size="11" fill="${ink.quiet}">${minute} min</text>`;
  });
  return [...horizontal, ...below].join('\n');
}

type Points = Series['points'];

/** Each series on top of the previous ones; a missing value counts as 0. */
function stack(series: readonly Series[], times: readonly number[]): { readonly low: Points; readonly high: Points }[] {
  let floor = new Map(times.map((at) => [at, 0]));
  return series.map(({ points }) => {
    const own = new Map(points);
    const low = [...floor];
    const value = (at: number) => (Number.isFinite(own.get(at)) ? own.get(at)! : 0);
    floor = new Map(low.map(([at, below]) => [at, below + value(at)]));
    return { low, high: [...floor] };
  });
}

/** Leaves a gap where there is no value. */
function pathOf(points: Points, scale: ReturnType<typeof scaleOf>, steps: boolean): string {
  let drawing = false;
  let before = 0;
  return points
    .map(([at, value]) => {
      if (!Number.isFinite(value)) {
        drawing = false;
        return '';
      }
      const [x, y] = [scale.x(at), scale.y(value)];
      const part = !drawing ? `M${x} ${y}` : steps ? `L${x} ${before}L${x} ${y}` : `L${x} ${y}`;
      drawing = true;
      before = y;
      return part;
    })
    .join('');
}

function drawLegend(
  names: readonly string[],
  width: number,
  height: number,
): { readonly text: string; readonly height: number } {
  const more = names.length - maxInLegend;
  const entries = names
    .slice(0, maxInLegend)
    .map((name, index) => ({ name: shortened(name), color: colors[index % colors.length] }));
  const placed: { readonly x: number; readonly line: number; readonly entry: (typeof entries)[number] }[] = [];
  let [x, line] = [12, 0];
  const all = more > 0 ? [...entries, { name: `and ${more} more`, color: ink.panel }] : entries;
  for (const entry of all) {
    const size = 18 + entry.name.length * 6.3 + 10;
    if (x + size > width && x > 12) [x, line] = [12, line + 1];
    placed.push({ x, line, entry });
    x += size;
  }
  const lines = line + 1;
  const top = height - lines * legendLine;
  const text = placed.map(
    ({ x: at, line: row, entry: { name, color } }) =>
      `<rect x="${at}" y="${top + row * legendLine - 3}" width="10" height="10" rx="2" fill="${color}"/><text x="${at + 14}" y="${top + row * legendLine + 6}" font-size="11" fill="${ink.quiet}">${quoted(name)}</text>`,
  );
  return { text: text.join('\n'), height: lines * legendLine };
}

const shortened = (name: string) => (name.length > 44 ? `${name.slice(0, 43)}…` : name);

function quoted(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
