/** One operation in OpenAPI: parameters, body, credential and every response. */
import type { Operation } from '../operation.ts';
import type { DocumentOptions } from './create-document.ts';
import { describeRefusals, describeSuccess } from './describe-responses.ts';
import { describeParameters, type NamedSchemas } from './named-schemas.ts';

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
  const { name, summary, method, paths, schemas: own, setsCookie = false } = operation;
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
      ...describeSuccess(operation, result, options.cookie && setsCookie),
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
