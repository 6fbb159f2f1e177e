/** Compares what an echo service received, through the proxy in front, with the request that was judged. */
import { rewritePath } from '../../core/forwarding/rewrite-path.ts';
import { canonicalPath } from '../../core/url/canonical-path.ts';
import { usageError } from '../exit-code.ts';
import type { Finding, Probe, Reply, Unanswered } from './probe.ts';
import type { Sender } from './send-probe.ts';

/** What the service received. */
interface Echo {
  readonly method: string;
  /** The request target. */
  readonly path: string;
  readonly host: string;
}

/** A target that servers and frameworks tend to change. */
const control = { method: 'GET', target: '/prove//%7e/%41?a=1;b', host: 'prove.example.test', headers: [] };

/** Throws unless the service behind `sender` returns exactly what it receives. */
export async function requireEcho(url: string, sender: Sender): Promise<void> {
  const reply = await sender.send(control);
  const echo = readEcho(reply);
  const { method, target, host } = control;
  if (echo?.method === method && echo.path === target && echo.host === host) return;
  const seen = 'why' in reply ? reply.why : `status ${reply.status}`;
  throw usageError(
    `rolegate: ${url} is not an echo service (${seen}): it must return each request as JSON, unchanged, such as ` +
      `{"method":"GET","path":"/a?b=1","headers":{"host":"api.example.test"}}. "rolegate echo" runs one.`,
  );
}

/** Null: another service responded, or a proxy. */
export function readEcho(reply: Reply | Unanswered): Echo | null {
  if ('why' in reply) return null;
  let read: Readonly<Record<string, unknown>> | null;
  try {
    read = JSON.parse(reply.body);
  } catch {
    return null;
  }
  const { method, path, headers } = read ?? {};
  if (typeof method !== 'string' || typeof path !== 'string' || typeof headers !== 'object') return null;
  const host = (headers as Readonly<Record<string, unknown>> | null)?.['host'];
  return typeof host === 'string' ? { method, path, host } : null;
}

/** Null: the service received the request that was judged, or none was allowed. */
export function compareEcho(probe: Probe, { status }: Reply, echo: Echo): Finding | null {
  if (probe.decision?.outcome !== 'allow') return null;
  const same =
    echo.method === probe.method &&
    echo.host.toLowerCase() === probe.host.toLowerCase() &&
    isSameTarget(probe, echo.path);
  if (same) return null;
  const host = echo.host === probe.host ? '' : `  Host: ${echo.host}`;
  return { code: 'rewritten', probe, status, received: `${echo.method} ${echo.path}${host}` };
}

/** As sent, or another spelling of the path that Rolegate forwards. */
function isSameTarget({ target, decision }: Probe, received: string): boolean {
  if (received === target) return true;
  if (decision?.outcome !== 'allow') return false;
  const { request, route } = decision;
  const mark = received.indexOf('?');
  const [path, query] = mark < 0 ? [received, ''] : [received.slice(0, mark), received.slice(mark)];
  const read = canonicalPath(path);
  if (typeof read === 'string' || query !== request.query) return false;
  return [request.path, rewritePath(route, request.path)].includes(read.path);
}
