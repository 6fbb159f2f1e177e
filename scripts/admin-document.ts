/** Makes docs/reference/admin.openapi.json out of the endpoints of the admin port, as a gateway with everything serves it. */
import { createEndpoints } from '../src/admin/endpoints.ts';
import { openApiOf } from '../src/admin/openapi.ts';
import { version } from '../src/cli/version.ts';

/** Every endpoint that there can be; none is called. */
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
    reach: unused,
    shadow: unused,
    decisions: { find: unused, list: unused },
    explain: unused,
    identityKeys: unused,
    revocations: { revoke: unused, replays: { seen: unused, keep: unused }, webhookSecrets: unused, now: unused },
    takeEvent: unused,
  });
}

export function adminOpenApiText(): string {
  return `${JSON.stringify(openApiOf(allEndpoints(), version), null, 2)}\n`;
}
