/**
 * Where Rolegate fits in, as an SVG in two color schemes: clients, the gateway with its stages, services; below them its sources
 * and Redis.
 */

export type Scheme = 'light' | 'dark';

interface Colors {
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly box: string;
  readonly edge: string;
  readonly accent: string;
  readonly gate: string;
  readonly stage: string;
  readonly refused: string;
}

const schemes: Readonly<Record<Scheme, Colors>> = {
  light: {
    text: '#1f2328',
    quiet: '#59636e',
    line: '#818b98',
    box: '#ffffff',
    edge: '#d1d9e0',
    accent: '#0969da',
    gate: '#f0f6ff',
    stage: '#ffffff',
    refused: '#cf222e',
  },
  dark: {
    text: '#e6edf3',
    quiet: '#9198a1',
    line: '#656c76',
    box: '#161b22',
    edge: '#3d444d',
    accent: '#4493f8',
    gate: '#0f1a2b',
    stage: '#161b22',
    refused: '#f85149',
  },
};

const stages = [
  ['normalize', 'one reading', '400'],
  ['match', 'one route', '404 405'],
  ['extract', 'one credential', '400 401'],
  ['resolve', 'who is it', '401 503'],
  ['authorize', 'roles, rules', '403'],
] as const;

const [width, height] = [880, 352];
const gate = { x: 172, y: 34, width: 536, height: 150 };
const stageWidth = 96;
const stageGap = 8;

export function overviewPicture(scheme: Scheme): string {
  const colors = schemes[scheme];
  const box = (x: number, y: number, w: number, h: number, title: string, lines: readonly string[]) =>
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="8" fill="${colors.box}" stroke="${colors.edge}"/>
<text x="${x + w / 2}" y="${y + 24}" class="t m">${title}</text>
${lines.map((line, i) => `<text x="${x + w / 2}" y="${y + 43 + 16 * i}" class="q m">${line}</text>`).join('\n')}`;
  const arrow = (path: string, label = '', x = 0, y = 0) =>
    `<path d="${path}" fill="none" stroke="${colors.line}" stroke-width="1.5" marker-end="url(#a)"/>${label === '' ? '' : `<text x="${x}" y="${y}" class="q m">${label}</text>`}`;
  const stage = ([name, what, refused]: (typeof stages)[number], i: number) => {
    const x = gate.x + 12 + i * (stageWidth + stageGap);
    const middle = x + stageWidth / 2;
    return `<rect x="${x}" y="74" width="${stageWidth}" height="56" rx="6" fill="${colors.stage}" stroke="${colors.edge}"/>
<text x="${middle}" y="98" class="t m">${name}</text><text x="${middle}" y="116" class="q m s">${what}</text>
<text x="${middle}" y="158" class="r m">${refused}</text><path d="M${middle} 130v12" stroke="${colors.refused}" stroke-width="1.5"/>`;
  };
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 24 ${width} ${height - 24}" width="${width}" height="${height - 24}" role="img" aria-label="Clients send requests to Rolegate, which decides in five stages and forwards allowed requests to services. It looks credentials up in memory, in Redis and at their sources.">
<style>
text{font:13px -apple-system,BlinkMacSystemFont,"Segoe UI",Helvetica,Arial,sans-serif;fill:${colors.text}}
.t{font-weight:600}.m{text-anchor:middle}.q{fill:${colors.quiet};font-size:12px}.s{font-size:11px}
.r{fill:${colors.refused};font:600 12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.g{fill:${colors.accent};font-size:15px;font-weight:700}
</style>
<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="${colors.line}"/></marker></defs>
${box(8, 74, 120, 76, 'Clients', ['browsers, apps,', 'git, scripts'])}
<rect x="${gate.x}" y="${gate.y}" width="${gate.width}" height="${gate.height}" rx="12" fill="${colors.gate}" stroke="${colors.accent}" stroke-width="1.5"/>
<text x="${gate.x + 14}" y="60" class="g">Rolegate</text>
<text x="${gate.x + gate.width - 14}" y="60" class="q" text-anchor="end">gateway.yaml: routes, roles, conditions</text>
${stages.map(stage).join('\n')}
${box(752, 74, 120, 76, 'Services', ['yours, over HTTP,', 'with user-id'])}
${arrow('M128 104H168')}
${arrow('M708 104H748')}
<text x="${gate.x + gate.width / 2}" y="176" class="q m s">a refusal carries x-error and x-error-id, and never reaches a service</text>
${box(200, 266, 118, 76, 'Memory', ['microseconds,', 'per process'])}
${box(382, 266, 118, 76, 'Redis', ['all replicas,', 'revocations'])}
${box(564, 266, 144, 76, 'Sources', ['Auth API, OAuth 2,', 'JWT, userinfo'])}
${arrow('M544 184V224H259V262')}
${arrow('M318 304H378', 'miss', 347, 297)}
${arrow('M500 304H560', 'miss', 529, 297)}
<text x="272" y="218" class="q">who does this credential belong to?</text>
</svg>
`;
}
