/** The description of the API, for people and for programs that make clients of it. */
import { z } from 'zod';
import { noCredential } from '../../credentials/credential-rule.ts';
import { defineOperation } from '../operation.ts';

export const readDescription = defineOperation({
  name: 'readDescription',
  summary: 'Describes this API (OpenAPI 3.1)',
  method: 'GET',
  paths: ['/openapi.json'],
  credential: noCredential,
  answer: z.looseObject({
    openapi: z.string(),
    info: z.looseObject({}),
    paths: z.record(z.string(), z.looseObject({})),
  }),
  async handle(_call, { description }) {
    return description;
  },
});
