/** JSON schema of the configuration as authors write it, for editors: generated, so that it is always current. */
import { type core, z } from 'zod';
import { inWords } from './schema/key.ts';
import { metadata, unwrap } from './schema/metadata.ts';
import { authApiFileSchema, configSchema, includedSchema, testFileSchema } from './schema.ts';
import type { SchemaName } from './schema-names.ts';

const schemas = {
  gateway: ['Configuration of Rolegate', configSchema],
  included: ['Routes that a configuration of Rolegate includes', includedSchema],
  tests: ['Tests of a configuration of Rolegate', testFileSchema],
  'auth-api': ["Configuration of Rolegate's Auth API", authApiFileSchema],
} as const satisfies Record<SchemaName, readonly [title: string, schema: core.$ZodType]>;

/** Draft 2020-12. */
export function jsonSchema(name: SchemaName = 'gateway'): object {
  const [title, schema] = schemas[name];
  return { title, ...generate(schema) };
}

function generate(schema: core.$ZodType): object {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema: json }) {
      const { loosens } = metadata(zodSchema);
      for (const own of ['alternative', 'effect', 'isSecret', 'loosens', 'unit']) delete json[own];
      if (loosens !== undefined && json.description !== undefined) {
        const { why: _, ...direction } = loosens;
        json['x-loosens'] = direction;
        json.description = `${json.description} ${inWords(loosens)}`.trim();
      }
      // zod omits it for transformed values; editors show the written form.
      const examples = z.globalRegistry.get(zodSchema)?.['examples'] ?? defaultOf(zodSchema);
      if (Array.isArray(examples)) json.examples = examples;
    },
  });
}

/** A default is also an example, unless it is that of a whole section. */
function defaultOf(schema: core.$ZodType): readonly unknown[] | undefined {
  const isKey = schema instanceof z.ZodPrefault && !(unwrap(schema) instanceof z.ZodObject);
  return isKey && metadata(schema)['examples'] === undefined ? [schema.def.defaultValue] : undefined;
}
