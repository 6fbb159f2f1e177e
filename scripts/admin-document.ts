/** Generates docs/reference/admin.openapi.json from the endpoints of the admin port of a gateway with every feature enabled. */
import { createEndpoints } from '../src/admin/endpoints.ts';
import { openApiOf } from '../src/admin/openapi.ts';
import { version } from '../src/cli/version.ts';

/** Every possible endpoint; none is called. */
export function allEndpoints() {
  const unused = () => {
    throw new Error('not called');
  };
  return createEndpoints({
    version,
    metrics: unused,
    live: unused,
    ready: unused,
    routes: unused,
    reload: unused,
    showConfig: unused,
    reach: unused,
    shadow: unused,
    decisions: { find: unused, list: unused },
    explain: unused,
    identityKeys: unused,
    revocations: {
      revoke: unused,
      replays: { seen: unused, keep: unused },
      sourcesAlike: unused,
      webhookSecrets: unused,
      now: unused,
    },
    takeEvent: unused,
  });
}

export function adminOpenApiText(): string {
  return `${JSON.stringify(openApiOf(allEndpoints(), version), null, 2)}\n`;
}
