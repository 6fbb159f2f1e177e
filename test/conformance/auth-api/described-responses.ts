/** The API's own OpenAPI document, and its description of an operation's responses. */
import { registerSchema, type Validator, validate } from '@hyperjump/json-schema/openapi-3-1';
import { createDescription } from '../../../src/auth-api/describe-api.ts';
import { allOperations } from '../../../src/auth-api/operations/all-operations.ts';
import { basePath, type Operation } from '../../../src/auth-api/operations/operation.ts';
import { compileMatcher } from '../../../src/operations/match-operation.ts';

const documentUrl = 'https://auth-api.example.test/openapi.json';
const description = createDescription(allOperations);
// Through JSON, as a client gets it.
const document = JSON.parse(JSON.stringify(description));
registerSchema(document, documentUrl, 'https://spec.openapis.org/oas/3.1/schema-base');

const match = compileMatcher(allOperations);
const validators = new Map<string, Promise<Validator>>();

/** The operation for a method and a path below the base path; null: none. */
export function operationOf(method: string, path: string): Operation | null {
  return match(method, `${basePath}${path.replace(/\?.*$/, '')}`)?.operation ?? null;
}

/** Null: the body matches the document for this status; otherwise where it differs. */
export async function findUndescribed(operation: Operation, status: number, body: unknown): Promise<string | null> {
  const { responses } = document.paths[operation.paths[0]][operation.method.toLowerCase()];
  const described = String(status) in responses;
  const type = status < 300 ? 'application/json' : 'application/problem+json';
  const at = described
    ? ['paths', operation.paths[0], operation.method.toLowerCase(), 'responses', String(status)]
    : ['components', 'responses', 'OtherRefusal'];
  return findFault([...at, 'content', type, 'schema'], body);
}

async function findFault(path: readonly string[], body: unknown): Promise<string | null> {
  const pointer = path
    .map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`)
    .join('');
  let validator = validators.get(pointer);
  if (validator === undefined) {
    validator = validate(`${documentUrl}#${pointer}`);
    validators.set(pointer, validator);
  }
  const output = (await validator)(body as Parameters<Validator>[0], 'BASIC');
  return output.valid ? null : JSON.stringify(output.errors?.map((error) => error.instanceLocation));
}
