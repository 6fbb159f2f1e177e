/** What the log and the metrics contain for two checks: an allowed one and a refused one. */
import { expect, vi } from 'vitest';
import { type CheckedRequest, getCheck } from './authorizer-checks.ts';
import type { RunningGateway } from './running-gateway.ts';

interface DialectCheck {
  /** As recorded. */
  readonly dialect: string;
  ask(request: CheckedRequest): Promise<unknown>;
}

/** Checks the route `closed`: with ann's bearer, and without a credential. */
export async function expectRecordedChecks(
  gateway: RunningGateway,
  allowed: DialectCheck,
  refused: DialectCheck,
): Promise<void> {
  await allowed.ask(getCheck('/closed/x', ['Authorization', 'Bearer good'], '203.0.113.9'));
  await refused.ask(getCheck('/closed/y'));
  const lines = await vi.waitFor(() => {
    const found = gateway.logLines().filter(({ msg }) => msg === 'request');
    expect(found).toHaveLength(2);
    return found;
  });
  const common = { entrypoint: 'authorizer', route: 'closed' };
  expect(lines).toMatchObject([
    {
      ...common,
      dialect: allowed.dialect,
      path: '/closed/x',
      client: '203.0.113.9',
      outcome: 'allow',
      userId: 'ann',
    },
    {
      ...common,
      dialect: refused.dialect,
      path: '/closed/y',
      outcome: 'refuse',
      reason: 'credential_missing',
      status: 401,
    },
  ]);
  const metrics = await gateway.metrics();
  for (const [{ dialect }, outcome] of [
    [allowed, 'allow'],
    [refused, 'refuse'],
  ] as const)
    expect(metrics).toContain(`rolegate_authorizer_checks_total{dialect="${dialect}",outcome="${outcome}"} 1`);
}
