/** Kinds of files that have a schema. */
export const schemaNames = ['gateway', 'included', 'tests', 'auth-api'] as const;
export type SchemaName = (typeof schemaNames)[number];
