/** One operation in OpenAPI: parameters, body, credential and every response. */
import type { Operation } from '../operation.ts';
import type { CommonCode, ReasonTable } from '../refusal.ts';
import { describeRefusals, describeSuccess } from './describe-responses.ts';
import { describeParameters, type JsonSchema, type NamedSchemas, type SharedSchemas } from './named-schemas.ts';

/** What a document says besides its operations. */
export interface DocumentOptions<Services, Code extends string> {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers?: readonly object[];
  readonly table: ReasonTable<Code | CommonCode>;
  /** Every code that a problem may have. */
  readonly codes: readonly (Code | CommonCode)[];
  /** What any request may be refused for, described once. */
  readonly generalRefusals: readonly (Code | CommonCode)[];
  /** Every refusal of the operation that is not a general one. */
  refusalsOf(operation: Operation<Services, Code>): readonly (Code | CommonCode)[];
  /** Alternatives, one of which a request needs. */
  securityOf(operation: Operation<Services, Code>): readonly object[];
  readonly securitySchemes: object;
  /** The group of a path; if unset: there are no groups. */
  readonly tagOf?: (path: string) => string;
  readonly sharedSchemas: SharedSchemas;
  /** Members that a problem may have besides those of every problem. */
  readonly problemMembers: Readonly<Record<string, JsonSchema>>;
}

interface DescribedOperation {
  readonly path: string;
  readonly method: string;
  readonly described: Record<string, unknown>;
}

/** One entry for each path of the operation. */
export function describeOperation<Services, Code extends string>(
  operation: Operation<Services, Code>,
  schemas: NamedSchemas,
  options: DocumentOptions<Services, Code>,
): DescribedOperation[] {
  const { name, summary, method, paths, schemas: own } = operation;
  const typeName = name.charAt(0).toUpperCase() + name.slice(1);
  const parameters = [
    ...(own.params === null ? [] : describeParameters(own.params, 'path')),
    ...(own.query === null ? [] : describeParameters(own.query, 'query')),
  ];
  const bodySchema = own.body === null ? null : schemas.refer(own.body, `${typeName}Body`);
  const result = own.response === null ? null : schemas.refer(own.response, `${typeName}Response`);
  const described = {
    ...(options.tagOf === undefined ? {} : { tags: [options.tagOf(paths[0])] }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...describeBody(operation, bodySchema),
    security: options.securityOf(operation),
    responses: {
      ...describeSuccess(operation, result),
      ...describeRefusals(options.refusalsOf(operation), options.table),
      default: { $ref: '#/components/responses/OtherRefusal' },
    },
  };
  return paths.map((path, at) => ({
    path,
    method: method.toLowerCase(),
    described: {
      operationId: at === 0 ? name : `${name}${at + 1}`,
      summary: at === 0 ? summary : `${summary}: the same as \`${paths[0]}\``,
      ...described,
    },
  }));
}

function describeBody(
  { bodyText, accepts = 'application/json' }: Pick<Operation<never, never>, 'bodyText' | 'accepts'>,
  schema: object | null,
): object {
  if (schema === null && bodyText === undefined) return {};
  const content = { [accepts]: schema === null ? {} : { schema } };
  return { requestBody: { ...(bodyText === undefined ? {} : { description: bodyText }), required: true, content } };
}
