/** Whether a Redis without free memory removes sessions that have long to live, as if they were any other entry. */
import type { Cluster, Redis } from 'ioredis';
import type { Config } from '../../config/config.ts';
import { type Finding, findingsOf } from './check.ts';

export async function sessionFindings(client: Redis | Cluster, { signIn }: Config): Promise<readonly Finding[]> {
  if (signIn?.sessions.store !== 'redis') return [];
  const { ok, warning } = findingsOf('redis', 'signIn.sessions');
  const masters = 'nodes' in client ? client.nodes('master') : [client];
  const policies = await Promise.all(masters.map(async (master) => policyOf(await master.info('memory'))));
  const removing = policies.find((policy) => policy.startsWith('allkeys'));
  if (removing === undefined) return [ok(`maxmemory-policy is ${[...new Set(policies)].join(', ')}`)];
  return [
    warning(
      `maxmemory-policy is ${removing}: sessions may be removed at any time, and their users sign in again`,
      'Set "maxmemory-policy volatile-ttl".',
    ),
  ];
}

function policyOf(info: string): string {
  return /^maxmemory_policy:(\S*)/m.exec(info)?.[1] ?? '';
}
