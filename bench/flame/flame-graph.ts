/** A CPU profile of V8 as a flame graph: an image without scripts, whose frames show their name and share on hover. */

/** The format that Node writes with `--cpu-prof`. Times are in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Node of each sample, and the time since the previous one. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

interface Frame {
  readonly name: string;
  readonly place: string;
  us: number;
  readonly above: Map<string, Frame>;
}

export interface FlameOptions {
  readonly title: string;
  /** Ignores earlier samples: microseconds after the start of the profile. */
  readonly fromUs: number;
  /** Folder of the project as a URL; paths below it are shown relative to it. */
  readonly root: string;
}

const width = 1200;
const rowHeight = 17;
const margin = 16;
const top = 56;
/** Frames narrower than this many pixels are not drawn. */
const least = 0.5;
/** Approximate width of a character of the font. */
const characterWidth = 6.2;

/** Colours by the location of a function: the folders of `src`, other packages, Node itself, and samples outside functions. */
const colours: readonly (readonly [name: string, pattern: RegExp, colour: string])[] = [
  ['core', /^src\/core\//, '#2563eb'],
  ['http1', /^src\/http1\//, '#0891b2'],
  ['proxy', /^src\/proxy\//, '#4f46e5'],
  ['upstream', /^src\/upstream\//, '#7c3aed'],
  ['identity', /^src\/identity\//, '#059669'],
  ['telemetry', /^src\/telemetry\//, '#d97706'],
  ['the rest of src', /^src\//, '#db2777'],
  ['Node', /^node:/, '#8190a5'],
  ['packages', /^node_modules\//, '#b45309'],
];
const otherColour = '#64748b';

export function flameGraph(profile: CpuProfile, { title, fromUs, root }: FlameOptions): string {
  const all = framesOf(profile, fromUs, root);
  const rows = depthOf(all, all.us);
  const height = top + rows * rowHeight + 2 * margin;
  const shapes: string[] = [];
  const draw = (frame: Frame, x: number, row: number): void => {
    const wide = (frame.us / all.us) * (width - 2 * margin);
    if (wide < least) return;
    const y = height - margin - (row + 1) * rowHeight;
    const share = `${((100 * frame.us) / all.us).toFixed(1)} %`;
    const fits = Math.floor((wide - 6) / characterWidth);
    const label = fits < 3 ? '' : frame.name.length <= fits ? frame.name : `${frame.name.slice(0, fits - 1)}…`;
    shapes.push(
      `<g><title>${escaped(`${frame.name} ${frame.place} ${share}`)}</title>` +
        `<rect x="${x.toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="${rowHeight - 1}" fill="${colourOf(frame.place)}"/>` +
        (label === '' ? '' : `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escaped(label)}</text>`) +
        '</g>',
    );
    let left = x;
    for (const above of byTime(frame)) {
      draw(above, left, row + 1);
      left += (above.us / all.us) * (width - 2 * margin);
    }
  };
  draw(all, margin, 0);
  const legend = colours.map(
    ([name, , colour], index) =>
      `<rect x="${margin + index * 130}" y="32" width="12" height="12" fill="${colour}"/><text x="${margin + 17 + index * 130}" y="42" class="out">${name}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>text{font:11px ui-monospace,monospace;fill:#fff}.out{fill:#0f172a;font-family:system-ui,sans-serif}.head{font-size:14px;font-weight:600}</style>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="${margin}" y="22" class="out head">${escaped(title)}</text>
${legend.join('')}
${shapes.join('\n')}
</svg>
`;
}

/** All busy time, with callees above their callers. */
function framesOf({ nodes, samples, timeDeltas }: CpuProfile, fromUs: number, root: string): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)));
  const all: Frame = { name: 'busy', place: '', us: 0, above: new Map() };
  let atUs = 0;
  for (const [index, id] of samples.entries()) {
    const tookUs = timeDeltas[index] ?? 0;
    atUs += tookUs;
    const stack: ProfileNode[] = [];
    for (let node = byId.get(id); node !== undefined; node = parents.get(node.id)) stack.unshift(node);
    // The first frame is the root of the profile.
    const calls = stack.slice(1);
    if (atUs < fromUs || tookUs <= 0 || calls[0]?.callFrame.functionName === '(idle)') continue;
    let frame = all;
    frame.us += tookUs;
    for (const { callFrame } of calls) {
      frame = aboveIn(frame, callFrame.functionName || '(anonymous)', placeOf(callFrame, root));
      frame.us += tookUs;
    }
  }
  return all;
}

function aboveIn(frame: Frame, name: string, place: string): Frame {
  const key = `${name} ${place}`;
  const known = frame.above.get(key);
  if (known !== undefined) return known;
  const made: Frame = { name, place, us: 0, above: new Map() };
  frame.above.set(key, made);
  return made;
}

/** For example `src/core/decide.ts:38`, without the folder of the project. */
function placeOf({ url, lineNumber }: ProfileNode['callFrame'], root: string): string {
  if (url === '') return '';
  const path = url.startsWith(root) ? url.slice(root.length) : url.replace(/^file:.*\/(?=node_modules\/|[^/]+$)/, '');
  return `${path}:${lineNumber + 1}`;
}

function depthOf(frame: Frame, allUs: number): number {
  if ((frame.us / allUs) * (width - 2 * margin) < least) return 0;
  return 1 + Math.max(0, ...[...frame.above.values()].map((above) => depthOf(above, allUs)));
}

function byTime({ above }: Frame): Frame[] {
  return [...above.values()].sort((a, b) => b.us - a.us);
}

function colourOf(place: string): string {
  return colours.find(([, pattern]) => pattern.test(place))?.[2] ?? otherColour;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
