/** `rolegate schema`: the JSON schema for editors, or the commented reference. */
import { ExitCode } from './exit-code.ts';

export async function schema(reference: boolean): Promise<ExitCode> {
  if (reference) {
    const { referenceYaml } = await import('../config/reference-yaml.ts');
    process.stdout.write(referenceYaml());
  } else {
    const { jsonSchema } = await import('../config/json-schema.ts');
    process.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
  }
  return ExitCode.fine;
}
