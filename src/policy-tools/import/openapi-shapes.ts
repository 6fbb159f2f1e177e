/**
 * Shapes of path parameters from their schemas in an OpenAPI document: UUIDs, whole numbers from zero, slugs, lists of words. All
 * operations of a path must agree, because its route matches them with one pattern.
 */
import { shapeNames } from '../../core/url/param-form.ts';
import { child, entriesOf, follow, isMapping, listOf, textOf } from './source-node.ts';
import type { SourceNode } from './source-text.ts';

const word = /^[\w.~-]*[\w~-]$/;
const maxWords = 64;
/** Regular expressions that describe exactly a slug. */
const slugPatterns = new Set(['^[a-z0-9]+(-[a-z0-9]+)*$', '^[a-z0-9]+(?:-[a-z0-9]+)*$']);

/** Shapes by parameter name, by path. */
export type PathShapes = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Omits lists of words if two paths of the same length have different ones, because both could match a request equally well. */
export function shapesIn(document: SourceNode): PathShapes {
  const entries = entriesOf(child(document, 'paths')).flatMap(([path, source]) => {
    const item = follow(document, source);
    return item === null || severalSegments.test(path) ? [] : [{ path, shapes: shapesOfPath(document, item) }];
  });
  const listsOf = (shapes: ReadonlyMap<string, string>) =>
    [...shapes.values()].filter((shape) => shape.startsWith('('));
  const byLength = Map.groupBy(entries, ({ path }) => path.split('/').length);
  return new Map(
    entries.map(({ path, shapes }) => {
      const alike = byLength.get(path.split('/').length)!.flatMap((one) => listsOf(one.shapes));
      const keep = new Set(alike).size < 2;
      return [path, new Map([...shapes].filter(([, shape]) => keep || !shape.startsWith('(')))];
    }),
  );
}

/** Extensions of templates. */
const severalSegments = /\{[+*/.;?&#]|[+*]\}/;

/** Parameters without a shape are absent. */
function shapesOfPath(document: SourceNode, item: SourceNode): ReadonlyMap<string, string> {
  const common = parametersOf(document, item);
  const operations = entriesOf(item).flatMap(([key, source]) => {
    const operation = /^(?:get|head|post|put|patch|delete|options)$/.test(key) ? follow(document, source) : null;
    return operation === null || !isMapping(operation)
      ? []
      : [new Map([...common, ...parametersOf(document, operation)])];
  });
  const [first = common, ...others] = operations;
  const agreed = [...first].flatMap(([name, shape]) => {
    return shape !== null && others.every((own) => own.get(name) === shape) ? [[name, shape] as const] : [];
  });
  return new Map(agreed);
}

function parametersOf(document: SourceNode, node: SourceNode): Map<string, string | null> {
  const parameters = new Map<string, string | null>();
  for (const source of listOf(child(node, 'parameters'))) {
    const parameter = follow(document, source);
    if (parameter === null || textOf(child(parameter, 'in')) !== 'path') continue;
    const schema = child(parameter, 'schema');
    const name = textOf(child(parameter, 'name'));
    if (name !== null) parameters.set(name, schema === undefined ? null : shapeOf(document, schema));
  }
  return parameters;
}

function shapeOf(document: SourceNode, source: SourceNode): string | null {
  const schema = follow(document, source);
  if (schema === null) return null;
  const type = textOf(child(schema, 'type'));
  const words = listOf(child(schema, 'enum')).map(textOf);
  if (words.length > 0) {
    const plain = words.every((text) => typeof text === 'string' && word.test(text));
    return plain && words.length <= maxWords && new Set(words).size === words.length ? `(${words.join('|')})` : null;
  }
  const [uuid, int, slug] = shapeNames;
  if (type === 'string' && textOf(child(schema, 'format')) === 'uuid') return uuid;
  if (type === 'string' && slugPatterns.has(textOf(child(schema, 'pattern')) ?? '')) return slug;
  const least = Number(textOf(child(schema, 'minimum')) ?? -1);
  return type === 'integer' && least >= 0 ? int : null;
}
