/** Converts files of another tool to a configuration, and lists what could not be imported. */
import type { Document } from 'yaml';
import { type FormatName, formatNames } from './format-names.ts';
import { gatewayDocument } from './gateway-document.ts';
import type { ImportedRule, Leftover } from './imported-rule.ts';
import { isOpenApi, readOpenApi } from './openapi.ts';
import { isPlatform, readPlatform } from './platform.ts';
import type { ReadSettings, ReadSource } from './read-source.ts';
import { settle } from './settle.ts';
import { readSource, SourceError, type SourceNode, type SourceText } from './source-text.ts';

interface Format {
  readonly is: (document: SourceNode) => boolean;
  readonly read: (documents: readonly SourceNode[], settings: ReadSettings) => ReadSource;
}

const formats: Readonly<Record<FormatName, Format>> = {
  openapi: { is: isOpenApi, read: readOpenApi },
  platform: { is: isPlatform, read: readPlatform },
};

/** Maximum rules of one import, because it compares pairs of them. */
const maxRules = 5_000;

export interface ImportOptions extends ReadSettings {
  /** Null: detect it. */
  readonly from: FormatName | null;
  /** Origin of the service if the source specifies none. */
  readonly upstream: string | null;
}

export interface ImportedPolicy {
  readonly format: FormatName;
  readonly document: Document;
  /** Rules of the source. */
  readonly rules: readonly ImportedRule[];
  /** In the order of the files. */
  readonly leftovers: readonly Leftover[];
  /** The authentication scheme that the Auth API replaces; null: none. */
  readonly auth: string | null;
}

/** Throws `SourceError` with a message about the files. */
export function importPolicy(sources: readonly SourceText[], options: ImportOptions): ImportedPolicy {
  const documents = sources.flatMap(readSource);
  if (documents.length === 0) throw new SourceError('these files are empty');
  const format = options.from ?? detect(documents);
  const { rules, lost, auth } = formats[format].read(documents, options);
  if (rules.length > maxRules) throw new SourceError(`more than ${maxRules} rules; import them in parts`);
  const routes = settle(rules);
  if (routes.length === 0) throw new SourceError(`these files contain no ${format} rules`);
  const files = sources.map(({ file }) => file).join(', ');
  const document = gatewayDocument({
    routes,
    upstream: options.upstream,
    head: `Imported from ${format}: ${files}.`,
  });
  const order = new Map(sources.map(({ file }, index) => [file, index]));
  const all = [...rules.flatMap(leftoversOf), ...lost];
  return {
    format,
    document,
    rules: rules.filter(({ added }) => !added),
    leftovers: [...new Map(all.map((one) => [JSON.stringify(one), one])).values()].sort(
      (a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line,
    ),
    auth,
  };
}

function leftoversOf({ name, place, methods, pattern, denied, stricter }: ImportedRule): readonly Leftover[] {
  const method = methods === null ? '' : `${methods.join(',')} `;
  const what = pattern === null ? name : `${name} (${method}${pattern.host ?? ''}${pattern.path})`;
  if (pattern === null) return [{ ...place, kind: 'denied', what, why: 'omitted: no request can have its path' }];
  if (denied !== null) return [{ ...place, kind: 'denied', what, why: denied }];
  return stricter.map((why): Leftover => ({ ...place, kind: 'stricter', what, why }));
}

function detect(documents: readonly SourceNode[]): FormatName {
  const candidates = formatNames.filter((name) => documents.some((document) => formats[name].is(document)));
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return only;
  const what =
    only === undefined ? 'the format of these files is unknown' : `these files are ${candidates.join(' and ')}`;
  throw new SourceError(`${what}: choose one with --from (${formatNames.join(', ')})`);
}
