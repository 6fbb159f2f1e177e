/**
 * What is made of the head of an answer, for further answers with the same bytes: services repeat a head until the
 * second is over. It hangs on the head, the configuration and what the route does to answers alone, so it holds for routes that
 * take turns on a connection.
 */
import type { ResponseRules } from '../core/forwarding/response-rules.ts';
import type { Route } from '../core/routing/route.ts';
import { type AnswerContext, type AnswerHead, answerHead } from './answer-head.ts';

export class AnswerMemory {
  /** Of the route; null: nothing of its own. */
  #answers: ResponseRules | null = null;
  #context: AnswerContext | null = null;
  #head: AnswerHead | null = null;

  /** As `answerHead`, and the same object again while the context and what the route does to answers are the same. */
  headOf(
    status: number,
    statusText: string,
    rawHeaders: readonly string[],
    context: AnswerContext,
    route: Route | null,
    asked: readonly string[],
  ): AnswerHead {
    // What CORS says is for one origin.
    const cors = route?.cors ?? null;
    const answers = route?.response ?? null;
    const known = cors === null && this.#answers === answers && this.#context === context ? this.#head : null;
    if (known !== null) return known;
    const head = answerHead(status, statusText, rawHeaders, context, route, asked);
    // An id is of one answer alone.
    head.repeats = head.errorId === null && cors === null;
    this.#head = head.repeats ? head : null;
    this.#answers = answers;
    this.#context = context;
    return head;
  }
}
