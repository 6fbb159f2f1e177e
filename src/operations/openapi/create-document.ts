/** The OpenAPI 3.1 document of an API, created from its operations and the schemas that validate requests. */
import type { Operation } from '../operation.ts';
import type { CommonCode, ReasonTable } from '../refusal.ts';
import { describeOperation } from './describe-operation.ts';
import { describeOtherRefusals, problemSchema, responseHeaders } from './describe-responses.ts';
import { createNamedSchemas, type JsonSchema, type SharedSchemas } from './named-schemas.ts';

/** An OpenAPI document, ready for JSON. */
export interface ApiDocument {
  readonly openapi: string;
  readonly info: Record<string, unknown>;
  readonly paths: Record<string, Record<string, unknown>>;
  readonly [key: string]: unknown;
}

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
  /** Responses may set the cookie of a session. */
  readonly cookie: boolean;
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
