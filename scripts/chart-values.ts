/** Parses helm/values.yaml with its comments: each value with its description, default and what "@schema" adds. */
import { isMap, isScalar, type Pair, parse, parseDocument, type YAMLMap } from 'yaml';

export interface ChartValue {
  readonly path: readonly string[];
  readonly description: string;
  readonly default: unknown;
  /**
   * Keywords of JSON Schema. `freeform`: a map that Kubernetes or Rolegate itself validates. `file`: a configuration of this kind.
   */
  readonly schema: Readonly<Record<string, unknown>>;
  /** The values below it; null: it is a single value. */
  readonly children: readonly ChartValue[] | null;
}

const marker = '@schema ';

/** Throws if a value has no description, or if its type does not follow from its default. */
export function readChartValues(text: string): readonly ChartValue[] {
  const document = parseDocument(text);
  if (!isMap(document.contents)) throw new TypeError('values.yaml is not a map');
  return childrenOf(document.contents, []);
}

function childrenOf(map: YAMLMap, path: readonly string[]): readonly ChartValue[] {
  return map.items.map((pair, index) => {
    // YAML attaches the comment of a map's first entry to the map. It may follow a comment about the whole file.
    const before = isScalar(pair.key) ? pair.key.commentBefore : null;
    const comment = (index === 0 ? (before ?? map.commentBefore) : before) ?? '';
    return readValue(pair as Pair, path, comment.split(/\n[ \t]*\n/).at(-1)!);
  });
}

function readValue(pair: Pair, above: readonly string[], comment: string): ChartValue {
  const path = [...above, String(isScalar(pair.key) ? pair.key.value : pair.key)];
  const lines = comment.split('\n').map((line) => line.trim());
  const description = lines.filter((line) => !line.startsWith(marker)).join(' ');
  if (description === '') throw new TypeError(`values.yaml: ${path.join('.')} has no description`);
  const added: unknown[] = lines
    .filter((line) => line.startsWith(marker))
    .map((line) => parse(line.slice(marker.length)));
  const schema: Record<string, unknown> = Object.assign({}, ...added);
  const known = isMap(pair.value) && pair.value.items.length > 0 && schema['freeform'] !== true;
  const children = known ? childrenOf(pair.value as YAMLMap, path) : null;
  const value: unknown = isScalar(pair.value) ? pair.value.value : JSON.parse(JSON.stringify(pair.value));
  const open = Array.isArray(value) ? !('items' in schema) : isMap(pair.value) && children === null;
  if (open && !('freeform' in schema || 'file' in schema || 'additionalProperties' in schema)) {
    throw new TypeError(`values.yaml: ${path.join('.')} needs "${marker}" to say what it may hold`);
  }
  return { path, description, default: value, schema, children };
}
