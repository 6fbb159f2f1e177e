/** A page again, because the Auth API refused what its form requested. */
import { type PageReply, refuse } from '../page-request.ts';
import type { Page } from '../pages/page.ts';
import type { AuthApiResponse } from './auth-api-client.ts';
import type { Frame } from './pages.ts';

/** `page`: has the message. */
export function refusedChange({ status, retryAfterS }: AuthApiResponse, page: Page): PageReply {
  if (status !== 429) return refuse('account_unchanged', () => page);
  return refuse('authentication_throttled', () => page, null, ['retry-after', String(retryAfterS ?? 60)]);
}

/** `message`: what was wrong, unless there were too many attempts. */
export function messageOf({ texts }: Frame, message: string, { status, retryAfterS }: AuthApiResponse): string {
  if (status !== 429) return message;
  return `${texts.account.messages.tooMany} ${texts.wait(retryAfterS ?? 60)}`;
}
