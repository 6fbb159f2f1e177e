import { validate, setMetaSchemaOutputFormat } from '@hyperjump/json-schema/openapi-3-1';
import { createDescription } from './src/auth-api/openapi/create-description.ts';
import { allOperations } from './src/auth-api/operations/all-operations.ts';
const doc = createDescription(allOperations, { cookie: 'c' });
console.log(JSON.stringify(doc).length);
const out = await validate('https://spec.openapis.org/oas/3.1/schema-base', doc as never, 'BASIC');
console.log(out.valid, JSON.stringify(out.errors?.slice(0, 5), null, 1));
