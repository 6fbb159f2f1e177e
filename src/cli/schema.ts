/** `rolegate schema`: the JSON schema for editors, or the commented reference. */
import type { SchemaName } from '../config/schema-names.ts';
import { ExitCode } from './exit-code.ts';

export interface SchemaOptions {
  readonly reference?: boolean;
  readonly for: SchemaName;
}

export async function schema(options: SchemaOptions): Promise<ExitCode> {
  if (options.reference === true) {
    const { referenceYaml } = await import('../config/reference-yaml.ts');
    process.stdout.write(referenceYaml());
  } else {
    const { jsonSchema } = await import('../config/json-schema.ts');
    process.stdout.write(`${JSON.stringify(jsonSchema(options.for), null, 2)}\n`);
  }
  return ExitCode.fine;
}
