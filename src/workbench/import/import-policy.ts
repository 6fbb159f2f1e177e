/** Files of another tool to a configuration, tests that follow from them, and what could not be carried over. */
import type { Document } from 'yaml';
import { type FormatName, formatNames } from './format-names.ts';
import { gatewayDocument } from './gateway-document.ts';
import type { ImportedRule, Leftover } from './imported-rule.ts';
import { ingressSemantics, isIngress, readIngresses } from './ingress-nginx.ts';
import { isOathkeeper, oathkeeperSemantics, readOathkeeper } from './oathkeeper.ts';
import { isOpenApi, openApiSemantics, readOpenApi } from './openapi.ts';
import { isPlatform, platformSemantics, readPlatform } from './platform.ts';
import type { ReadSettings, ReadSource } from './read-source.ts';
import { type Semantics, settle } from './settle.ts';
import { readSource, SourceError, type SourceNode, type SourceText } from './source-text.ts';

interface Format {
  readonly is: (document: SourceNode) => boolean;
  readonly read: (documents: readonly SourceNode[], settings: ReadSettings) => ReadSource;
  readonly semantics: Semantics;
}

const formats: Readonly<Record<FormatName, Format>> = {
  oathkeeper: { is: isOathkeeper, read: readOathkeeper, semantics: oathkeeperSemantics },
  'ingress-nginx': { is: isIngress, read: readIngresses, semantics: ingressSemantics },
  openapi: { is: isOpenApi, read: readOpenApi, semantics: openApiSemantics },
  platform: { is: isPlatform, read: readPlatform, semantics: platformSemantics },
};

export interface ImportOptions extends ReadSettings {
  /** Null: found out. */
  readonly from: FormatName | null;
  /** Origin of the service where the source names none. */
  readonly upstream: string | null;
}

export interface ImportedPolicy {
  readonly format: FormatName;
  readonly document: Document;
  readonly routes: number;
  /** Rules that became a route and let nobody in who is not known. */
  readonly protectedRules: readonly ImportedRule[];
  readonly rules: readonly ImportedRule[];
  /** In the order of the files. */
  readonly leftovers: readonly Leftover[];
}

/** Throws `SourceError` with a message for whoever gave the files. */
export function importPolicy(sources: readonly SourceText[], options: ImportOptions): ImportedPolicy {
  const documents = sources.flatMap(readSource);
  if (documents.length === 0) throw new SourceError('there is nothing in these files');
  const format = options.from ?? detect(documents);
  const { read, semantics } = formats[format];
  const { rules, leftovers, roles, identityHeaders } = read(documents, options);
  const settled = settle(rules, semantics);
  if (settled.routes.length === 0) throw new SourceError(`no rule of ${format} in these files can be carried over`);
  const files = sources.map(({ file }) => file).join(', ');
  const document = gatewayDocument({
    routes: settled.routes,
    roles,
    identityHeaders,
    upstream: options.upstream,
    head: `Imported from ${format}: ${files}.`,
  });
  const order = new Map(sources.map(({ file }, index) => [file, index]));
  const all = [...leftovers, ...settled.leftovers];
  return {
    format,
    document,
    routes: settled.routes.length,
    rules,
    protectedRules: rules.filter(
      ({ pattern, access }) => pattern !== null && access !== 'public' && access !== 'optional',
    ),
    leftovers: [...new Map(all.map((one) => [JSON.stringify(one), one])).values()].sort(
      (a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line,
    ),
  };
}

function detect(documents: readonly SourceNode[]): FormatName {
  const found = formatNames.filter((name) => documents.some((document) => formats[name].is(document)));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const what = only === undefined ? 'what these files are cannot be seen' : `these files are ${found.join(' and ')}`;
  throw new SourceError(`${what}: name one with --from (${formatNames.join(', ')})`);
}
