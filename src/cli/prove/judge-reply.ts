/** The fate of a request, by its response: refused by Rolegate, refused by something else, or passed. */
import { reasons } from '../../core/outcome/reasons.ts';
import type { Finding, FindingKind, Probe, Reply } from './probe.ts';

/** `elsewhere`: with a status that proxies use themselves, and without the headers of our refusals. */
export type Fate = 'refused' | 'elsewhere' | 'passed';

/** Texts of `x-error` in refusals, as opposed to responses of a service with our headers added. */
const refusals = Object.values(reasons)
  .filter(({ fault }) => fault !== 'upstream')
  .map(({ message }) => message);

/** Statuses of proxies for what they reject, or cannot check or reach. A service's 404 is not among them: the request reached it. */
const ofProxies: ReadonlySet<number> = new Set([
  400, 401, 403, 405, 408, 413, 414, 421, 426, 429, 431, 444, 495, 496, 497,
]);

export function fateOf({ status, header }: Reply): Fate {
  const said = header('x-error');
  if (
    said !== null &&
    header('x-error-id') !== null &&
    refusals.some((text) => said === text || said.startsWith(`${text}:`))
  )
    return 'refused';
  return status >= 500 || ofProxies.has(status) ? 'elsewhere' : 'passed';
}

/** Null: as expected. */
export function judge(probe: Probe, reply: Reply): Finding | null {
  const fate = fateOf(reply);
  const finding = (code: FindingKind): Finding => ({ code, probe, status: reply.status });
  if (probe.marker !== null && fate === 'passed' && shows(reply.text, probe, probe.marker))
    return finding(probe.group === 'leaks' ? 'credential_passed' : 'identity_forged');
  if (probe.group === 'upgrades') return reply.status === 101 ? finding('upgrade_passed') : null;
  if (probe.decision?.outcome !== 'refuse') return null;
  if (fate === 'passed') return finding('passed');
  const down = probe.group === 'outage' || probe.group === 'stopped';
  return down && reply.status < 500 ? finding('outage_as_refusal') : null;
}

/** A shorter text may occur by chance. */
const minBytes = 12;

/** Whether the service shows that it got the value. A short credential counts only directly after the name of its header. */
function shows(text: string, { group, headers }: Probe, marker: string): boolean {
  if (group !== 'leaks' || marker.length >= minBytes) return text.includes(marker);
  return headers.some((value, at) => {
    if (at % 2 === 0 || !value.endsWith(marker)) return false;
    const name = headers[at - 1]!.replaceAll(/[^A-Za-z0-9]/g, '[^a-z0-9]');
    const scheme = '(?:[a-z]+ +)?';
    return new RegExp(
      `${name}[^a-z0-9]{1,8}${scheme}${marker.replaceAll(/[^A-Za-z0-9]/g, '\\$&')}(?![a-z0-9])`,
      'i',
    ).test(text);
  });
}
