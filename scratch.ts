import { writeFileSync } from 'node:fs';
import { authApiPage, openApiText } from './scripts/auth-api-page.ts';
writeFileSync('docs/reference/auth-api.openapi.json', openApiText());
writeFileSync('docs/reference/auth-api.md', authApiPage());
