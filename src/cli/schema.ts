/** `rolegate schema`: the JSON schema for editors, or the commented reference. */
import type { SchemaName } from '../config/schema-names.ts';
import { ExitCode, usageError } from './exit-code.ts';

export interface SchemaOptions {
  readonly reference?: boolean;
  readonly for: SchemaName;
}

export async function schema(options: SchemaOptions): Promise<ExitCode> {
  if (options.reference === true) {
    const { references } = await import('../config/reference-yaml.ts');
    const reference = (references as Partial<Record<SchemaName, () => string>>)[options.for];
    if (reference === undefined) {
      const known = Object.keys(references).join(' and ');
      throw usageError(`rolegate: references exist only for ${known}`);
    }
    process.stdout.write(reference());
  } else {
    const { jsonSchema } = await import('../config/json-schema.ts');
    process.stdout.write(`${JSON.stringify(jsonSchema(options.for), null, 2)}\n`);
  }
  return ExitCode.fine;
}
