/** JSON Schemas (2020-12) of the schemas that validate requests, each once, under a name in the document's components. */
import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;

export type SharedSchemas = readonly (readonly [z.ZodType, string])[];

export interface NamedSchemas {
  /** A reference to the schema. Adds it as `name` unless it already has another name. */
  refer(schema: z.ZodType, name: string): JsonSchema;
  /** By name, in alphabetical order. */
  all(): Record<string, JsonSchema>;
}

/** `shared`: schemas of several operations, with their names. */
export function createNamedSchemas(shared: SharedSchemas): NamedSchemas {
  const names = new Map(shared);
  const described = new Map<string, JsonSchema>();
  return {
    refer(schema, fresh) {
      const name = names.get(schema) ?? fresh;
      names.set(schema, name);
      if (!described.has(name)) described.set(name, describe(schema, 'input'));
      return { $ref: `#/components/schemas/${name}` };
    },
    all: () => Object.fromEntries([...described].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

export interface DescribedParameter {
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
  readonly in: 'path' | 'query';
}

/** The members of an object schema as parameters of a path or a query. */
export function describeParameters(schema: z.ZodType, place: 'path' | 'query'): DescribedParameter[] {
  // Path parameters are described in their decoded form.
  const { properties = {}, required = [] } = describe(schema, place === 'path' ? 'output' : 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, member]) => ({
    name,
    required: required.includes(name),
    schema: member,
    in: place,
  }));
}

function describe(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, additionalProperties: _closed, ...described } = z.toJSONSchema(schema, { io });
  return described;
}
