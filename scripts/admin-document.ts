/** Generates docs/reference/admin.openapi.json from the operations of the admin port of a gateway with every feature enabled. */
import { adminOperations } from '../src/admin/admin-operations.ts';
import { describeAdminPort } from '../src/admin/describe-admin-port.ts';
import type { Operation } from '../src/admin/operation.ts';
import { version } from '../src/cli/version.ts';

/** Every possible operation; none is called. */
export function allOperations(): readonly Operation[] {
  const unused = () => {
    throw new Error('not called');
  };
  return adminOperations({
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
  return `${JSON.stringify(describeAdminPort(allOperations(), version), null, 2)}\n`;
}
