/** Imports a text and shows the result, one line per route. */
import type { Config } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import type { FormatName } from '../../../src/policy-tools/import/format-names.ts';
import { importPolicy } from '../../../src/policy-tools/import/import-policy.ts';

export interface Imported {
  readonly config: Config;
  readonly text: string;
  /** `METHOD,METHOD HOST/PATH access [words of conditions] -> target [rewrite]`, in the order of the file. */
  readonly routes: readonly string[];
  /** `kind: what: why`. */
  readonly leftovers: readonly string[];
}

export function imported(text: string, from: FormatName | null = null, auth: string | null = null): Imported {
  const { document, leftovers } = importPolicy([{ file: 'source', text }], { from, auth, upstream: null });
  const yaml = document.toString({ lineWidth: 0 });
  const read = parseConfig(yaml, { file: 'imported', env: {}, readSecret: () => '' });
  if (!read.ok)
    throw new Error(`${read.problems.map(({ line, message }) => `${line}: ${message}`).join('\n')}\n${yaml}`);
  const { config } = read;
  const { routes } = document.toJS() as { routes: readonly Written[] };
  return {
    config,
    text: yaml,
    routes: routes.map((route) => inOneLine(route, config)),
    leftovers: leftovers.map(({ kind, what, why }) => `${kind}: ${what}: ${why}`),
  };
}

interface Written {
  readonly match: { readonly host?: string; readonly path: string; readonly methods?: readonly string[] };
  readonly access: unknown;
  readonly when?: readonly { readonly reason: string }[];
  readonly upstream: string;
  readonly rewrite?: object;
}

function inOneLine({ match, access, when, upstream, rewrite }: Written, config: Config): string {
  const methods = match.methods === undefined ? '' : `${match.methods.join(',')} `;
  const words = when === undefined ? '' : ` [${when.map(({ reason }) => reason).join(', ')}]`;
  const target = config.upstreams.get(upstream)?.targets.join(' ') ?? upstream;
  const changed = rewrite === undefined ? '' : ` ${JSON.stringify(rewrite)}`;
  return `${methods}${match.host ?? ''}${match.path} ${JSON.stringify(access)}${words} -> ${target}${changed}`;
}
