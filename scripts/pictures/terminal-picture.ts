/**
 * A terminal session as an animated SVG: lines appear one after the other, older ones scroll away. Only styles animate it, so it
 * plays wherever a browser shows an image. With reduced motion it shows the end.
 */

/** What the picture shows at one moment. */
export interface Shown {
  /** Text with SGR escape sequences, without a line end. */
  readonly line: string;
  /** Milliseconds until the next line. */
  readonly restMs: number;
}

const columns = 96;
const rows = 30;
const lineHeight = 19;
const charWidth = 7.83;
const [paddingX, paddingTop, paddingBottom] = [18, 46, 16];
/** How long the end is shown before the session restarts. */
const endMs = 6_000;

const width = Math.round(columns * charWidth + 2 * paddingX);
const height = rows * lineHeight + paddingTop + paddingBottom;

/** SGR codes that the program prints. */
const colors: Readonly<Record<string, string>> = {
  '2': 'd',
  '1': 'b',
  '31': 'r',
  '32': 'g',
  '33': 'y',
  '34': 'u',
  '36': 'c',
};

export function terminalPicture(title: string, session: readonly Shown[]): string {
  const totalMs = session.reduce((sum, { restMs }) => sum + restMs, 0) + endMs;
  const percent = (ms: number) => `${((100 * ms) / totalMs).toFixed(2)}%`;
  let atMs = 0;
  const keyframes: string[] = [];
  const lines: string[] = [];
  const steps: string[] = [];
  for (const [index, { line, restMs }] of session.entries()) {
    const from = percent(atMs);
    keyframes.push(`@keyframes l${index}{0%,${from}{opacity:0}${percent(atMs + 1)},100%{opacity:1}}`);
    const y = paddingTop + (index + 1) * lineHeight - 5;
    lines.push(`<text y="${y}" class="l" style="animation-name:l${index}">${spans(line)}</text>`);
    const hidden = Math.max(0, index + 1 - rows) * lineHeight;
    if (hidden > 0)
      steps.push(
        `${from}{transform:translateY(-${hidden - lineHeight}px)}${percent(atMs + 1)}{transform:translateY(-${hidden}px)}`,
      );
    atMs += restMs;
  }
  const scrolled = Math.max(0, session.length - rows) * lineHeight;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d6deeb;white-space:pre}
.d{fill:#7f8c9f}.b{font-weight:600}.r{fill:#ff7b72}.g{fill:#7ee787}.y{fill:#e3b341}.u{fill:#79c0ff}.c{fill:#76e3ea}
.l,#s{animation:${totalMs}ms step-end infinite both}.l{opacity:1}
#s{animation-name:s;transform:translateY(-${scrolled}px)}
${keyframes.join('')}
@keyframes s{0%{transform:translateY(0)}${steps.join('')}100%{transform:translateY(-${scrolled}px)}}
@media(prefers-reduced-motion:reduce){.l,#s{animation:none}}
</style>
<rect width="${width}" height="${height}" rx="10" fill="#10161f"/>
<circle cx="20" cy="20" r="6" fill="#ff5f57"/><circle cx="40" cy="20" r="6" fill="#febc2e"/><circle cx="60" cy="20" r="6" fill="#28c840"/>
<text x="${width / 2}" y="25" text-anchor="middle" class="d">${escaped(title)}</text>
<clipPath id="w"><rect x="0" y="${paddingTop}" width="${width}" height="${rows * lineHeight + 4}"/></clipPath>
<g clip-path="url(#w)"><g id="s" transform-origin="0 0"><g transform="translate(${paddingX} 0)">
${lines.join('\n')}
</g></g></g>
</svg>
`;
}

/** The line with its colors, cut at the edge of the window. */
function spans(line: string): string {
  let classes: string[] = [];
  let left = columns;
  let out = '';
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    const sequence = /^\x1b\[([0-9;]*)m$/.exec(part);
    if (sequence !== null) {
      for (const code of sequence[1]!.split(';')) {
        if (colors[code] !== undefined) classes = [...classes, colors[code]];
        else classes = [];
      }
      continue;
    }
    const shown = part.length > left ? `${part.slice(0, Math.max(0, left - 1))}…` : part;
    left -= shown.length;
    if (shown === '' || left < 0) continue;
    out += classes.length === 0 ? escaped(shown) : `<tspan class="${classes.join(' ')}">${escaped(shown)}</tspan>`;
  }
  return out;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
