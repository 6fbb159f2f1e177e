/** The OpenAPI 3.1 document of an API, created from its operations and the schemas that validate requests. */
import type { Operation } from '../operation.ts';
import { type DocumentOptions, describeOperation } from './describe-operation.ts';
import { describeOtherRefusals, problemSchema, responseHeaders } from './describe-responses.ts';
import { createNamedSchemas } from './named-schemas.ts';

/** An OpenAPI document, ready for JSON. */
export interface ApiDocument {
  readonly openapi: string;
  readonly info: Record<string, unknown>;
  readonly paths: Record<string, Record<string, unknown>>;
  readonly [key: string]: unknown;
}

export function createDocument<Services, Code extends string>(
  operations: readonly Operation<Services, Code>[],
  options: DocumentOptions<Services, Code>,
): ApiDocument {
  const { info, servers, table, codes, generalRefusals, securitySchemes, tagOf, sharedSchemas, problemMembers } =
    options;
  const schemas = createNamedSchemas(sharedSchemas);
  const paths: ApiDocument['paths'] = {};
  for (const operation of operations) {
    for (const { path, method, described } of describeOperation(operation, schemas, options)) {
      paths[path] = { ...paths[path], [method]: described };
    }
  }
  const tags = tagOf === undefined ? [] : [...new Set(operations.map(({ paths: [path] }) => tagOf(path)))];
  return {
    openapi: '3.1.1',
    info,
    ...(servers === undefined ? {} : { servers }),
    ...(tags.length === 0 ? {} : { tags: tags.map((name) => ({ name })) }),
    paths,
    components: {
      schemas: { ...schemas.all(), Problem: problemSchema(table.urn, codes, problemMembers) },
      responses: { OtherRefusal: describeOtherRefusals(generalRefusals, table) },
      headers: responseHeaders,
      securitySchemes,
    },
  };
}
