/**
 * For the bundler: takes Node's own modules as they are. Whoever imports one makes Node read every property of it first,
 * and so load whatever these only promise: `node:util` brings workers along, `node:process` the standard streams,
 * `node:fs` a line editor. That was a fifth of the start of a command.
 */
import type { Plugin } from 'rolldown';

/**
 * As globals they are accessors, which V8 calls anew each time and never looks through: a request that looks at the clock a
 * few times spent a hundredth of its time in that.
 */
const ownGlobals: Record<string, [module: string, name: string]> = {
  Buffer: ['node:buffer', 'Buffer'],
  performance: ['node:perf_hooks', 'performance'],
};

/** As the bundler writes it, at the beginning of a line: names, and the module. */
const statement = /^import (?:(.+?) from )?"(node:[\w/]+)";$/gm;
const left = /^\s*(?:import|export) .*"node:[^"]*"/m;

export const builtinModules: Plugin = {
  name: 'builtin-modules',
  options: (given) => ({ ...given, transform: { ...given.transform, inject: ownGlobals } }),
  renderChunk(code, { fileName }) {
    const out = code.replace(statement, (_, names: string | undefined, name: string) => taken(names ?? '', name));
    const missed = left.exec(out);
    if (missed !== null)
      this.error(`${fileName} takes a module of Node in another way than this script knows: ${missed[0]}`);
    return out;
  },
};

/** Named as a whole by a package that has little use for it: `commander`, for commands that are programs of their own. */
const late: ReadonlySet<string> = new Set(['node:child_process']);

/** `import a, { b, c as d } from "node:x"` as declarations. */
function taken(names: string, name: string): string {
  const module = `process.getBuiltinModule("${name}")`;
  const braces = /\{(.+)\}/.exec(names)?.[1];
  const whole = names
    .replace(/,?\s*\{.+\}/, '')
    .replace('* as ', '')
    .trim();
  const parts = braces?.split(',').map((part) => part.trim().replace(/ as /, ': ')) ?? [];
  const object = late.has(name) ? `new Proxy({}, { get: (_, key) => ${module}[key] })` : module;
  return [
    ...(whole === '' ? [] : [`const ${whole} = ${object};`]),
    ...(parts.length === 0 ? [] : [`const { ${parts.join(', ')} } = ${module};`]),
  ].join(' ');
}
