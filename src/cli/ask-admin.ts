/** Sends a request to the admin port of a running gateway. */
import { CommandError, usageError } from './exit-code.ts';

export interface AdminRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** As JSON; unset: none. */
  readonly body?: object;
}

const maxWaitMs = 10_000;

/** The body of a 200. `words.purpose`: why a token is required; `words.notFound`: the meaning of a 404, or null, and then a 404 is null. */
export async function askAdmin(
  admin: string,
  token: string | undefined,
  { method, path, body }: AdminRequest,
  words: { readonly purpose: string; readonly notFound: string | null },
): Promise<unknown> {
  if (token === undefined) {
    throw new CommandError(`rolegate: ${words.purpose} needs an admin token: --admin-token or ROLEGATE_ADMIN_TOKEN`);
  }
  if (!/^https?:\/\//.test(admin) || !URL.canParse(admin)) {
    throw usageError('rolegate: expected --admin as a URL, such as http://127.0.0.1:9090');
  }
  let response: Response;
  try {
    response = await fetch(new URL(admin).origin + path, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: body === undefined ? null : JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(maxWaitMs),
    });
  } catch {
    throw new CommandError(`rolegate: no gateway responds at ${admin}; set its admin port with --admin`);
  }
  if (response.status === 200) return await response.json();
  const said = (await detailOf(response)) ?? response.headers.get('x-error');
  if (response.status === 404 && words.notFound === null) return null;
  if (response.status === 404) throw new CommandError(`rolegate: ${words.notFound}`);
  if (response.status === 401) {
    throw new CommandError('rolegate: the gateway rejected this admin token (--admin-token): 401');
  }
  throw new CommandError(`rolegate: the gateway refused: ${response.status} ${said ?? ''}`.trimEnd());
}

/** `detail` of a problem, or null. */
async function detailOf(response: Response): Promise<string | null> {
  const problem: unknown = await response.json().catch(() => null);
  if (typeof problem !== 'object' || problem === null || !('detail' in problem)) return null;
  return typeof problem.detail === 'string' ? problem.detail.slice(0, 200) : null;
}
