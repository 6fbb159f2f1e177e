/** JSON schema of the configuration as authors write it, for editors: generated, so that it cannot fall behind. */
import { z } from 'zod';
import { authApiFileSchema, configSchema } from './schema.ts';

/** Schema of a gateway's file, draft 2020-12. */
export function jsonSchema(): object {
  return { title: 'Configuration of Rolegate', ...generate(configSchema) };
}

/** Schema of the Auth API's own file. */
export function authApiJsonSchema(): object {
  return { title: "Configuration of Rolegate's Auth API", ...generate(authApiFileSchema) };
}

function generate(schema: z.core.$ZodType): object {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema: json }) {
      delete json['alternative'];
      // Left out by default where a value is read into something else; editors show what is written.
      const examples = z.globalRegistry.get(zodSchema)?.['examples'];
      if (Array.isArray(examples)) json.examples = examples;
    },
  });
}
