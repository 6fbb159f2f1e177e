/** Checks of the doctor, which run concurrently, each with a time limit. */

export const groups = {
  configuration: 'Configuration',
  versions: 'Versions',
  process: 'Process',
  ports: 'Ports',
  names: 'Names (DNS)',
  redis: 'Redis',
  database: 'Database of the Auth API',
  mail: 'Mail server',
  sources: 'Sources of identities',
  upstreams: 'Upstreams',
  certificates: 'Certificates',
  telemetry: 'Records and traces',
  clocks: 'Clocks',
} as const;
export type Group = keyof typeof groups;

export interface Finding {
  readonly group: Group;
  /** The checked item, such as a host or a setting. */
  readonly subject: string;
  readonly level: 'ok' | 'warning' | 'error';
  /** In a few words; never contains a secret. */
  readonly found: string;
  /** What to do about it; null: nothing. */
  readonly advice: string | null;
}

/** One check. It may have several findings, including those of other groups. */
export interface Check {
  readonly group: Group;
  readonly subject: string;
  run(): Promise<readonly Finding[]>;
}

/** Builds findings of one group and subject. */
export function findingsOf(group: Group, subject: string) {
  return {
    ok: (text: string): Finding => ({ group, subject, level: 'ok', found: text, advice: null }),
    warning: (text: string, advice: string): Finding => ({ group, subject, level: 'warning', found: text, advice }),
    error: (text: string, advice: string): Finding => ({ group, subject, level: 'error', found: text, advice }),
  };
}

/** Maximum concurrent checks. */
const atOnce = 64;

/** In the order of the checks. A check that takes longer than `timeoutMs`, or fails itself, is an error. */
export async function runChecks(checks: readonly Check[], timeoutMs: number): Promise<readonly Finding[]> {
  const results: (readonly Finding[])[] = [];
  let next = 0;
  const work = async () => {
    for (let at = next++; at < checks.length; at = next++) results[at] = await runCheck(checks[at]!, timeoutMs);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, checks.length) }, work));
  return results.flat();
}

async function runCheck({ group, subject, run }: Check, timeoutMs: number): Promise<readonly Finding[]> {
  const { error } = findingsOf(group, subject);
  const late = Promise.withResolvers<readonly Finding[]>();
  const advice = 'Check the address, and firewalls in between; --timeout changes the limit.';
  const timer = setTimeout(() => late.resolve([error(`no result within ${timeoutMs} ms`, advice)]), timeoutMs);
  try {
    return await Promise.race([run(), late.promise]);
  } catch (fault) {
    const code = fault instanceof Error && 'code' in fault ? String(fault.code) : 'unknown fault';
    return [error(`could not be checked (${code})`, 'Run the command again; report it if it persists.')];
  } finally {
    clearTimeout(timer);
  }
}

/** Maximum time of one step within a check, so that the check itself ends before its limit. */
export function withinCheck(wantedMs: number, timeoutMs: number): number {
  return Math.max(Math.min(wantedMs, timeoutMs - 250), 50);
}
