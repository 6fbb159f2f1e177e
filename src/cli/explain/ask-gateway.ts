/** Has a running gateway explain a request with a live credential: it alone can ask the Auth API about it. */
import { Client, type Dispatcher } from 'undici';
import type { LiveQuestion } from '../../admin/explain-endpoint.ts';
import type { Explanation } from '../../core/explain.ts';
import { CommandError, usageError } from '../exit-code.ts';

const longestWaitMs = 10_000;

export async function askGateway(
  admin: string,
  token: string | undefined,
  question: LiveQuestion,
): Promise<Explanation> {
  if (token === undefined) {
    throw new CommandError('rolegate: --bearer needs --admin-token (or ROLEGATE_ADMIN_TOKEN), the token of operators');
  }
  if (!/^https?:\/\//.test(admin) || !URL.canParse(admin)) {
    throw usageError('rolegate: expected --admin as a URL, such as http://127.0.0.1:9090');
  }
  let response: Dispatcher.ResponseData;
  try {
    response = await new Client(new URL(admin).origin, { allowH2: false }).request({
      method: 'POST',
      path: '/explain',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(question),
      signal: AbortSignal.timeout(longestWaitMs),
    });
  } catch {
    throw new CommandError(`rolegate: no gateway responds on ${admin}; --admin names its admin port`);
  }
  if (response.statusCode !== 200) {
    const said = (await detailOf(response.body)) ?? response.headers['x-error'];
    if (response.statusCode === 401) {
      throw new CommandError('rolegate: the gateway does not know this token of operators (--admin-token); 401');
    }
    throw new CommandError(
      `rolegate: the gateway refused to explain: ${response.statusCode} ${String(said ?? '')}`.trimEnd(),
    );
  }
  return (await response.body.json()) as Explanation;
}

/** What the gateway could not read of the question; null: it says nothing more. */
async function detailOf(body: Dispatcher.ResponseData['body']): Promise<string | null> {
  const problem: unknown = await body.json().catch(() => null);
  if (typeof problem !== 'object' || problem === null || !('detail' in problem)) return null;
  return typeof problem.detail === 'string' ? problem.detail.slice(0, 200) : null;
}
