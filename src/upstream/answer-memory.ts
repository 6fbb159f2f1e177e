/**
 * What is made of the head of an answer, for further answers with the same bytes: services repeat a head until the
 * second is over. It hangs on the head, the route and the configuration alone.
 */
import type { Route } from '../core/routing/route.ts';
import { type AnswerContext, type AnswerHead, answerHead } from './answer-head.ts';

export class AnswerMemory {
  #route: Route | null = null;
  #context: AnswerContext | null = null;
  #head: AnswerHead | null = null;

  /** As `answerHead`, and the same object again while route and context are the same. */
  headOf(
    status: number,
    statusText: string,
    rawHeaders: readonly string[],
    context: AnswerContext,
    route: Route | null,
    asked: readonly string[],
  ): AnswerHead {
    if (this.#head !== null && this.#route === route && this.#context === context) return this.#head;
    const head = answerHead(status, statusText, rawHeaders, context, route, asked);
    // An id is of one answer alone, and what CORS says is for one origin.
    head.repeats = head.errorId === null && route?.cors == null;
    this.#head = head.repeats ? head : null;
    this.#route = route;
    this.#context = context;
    return head;
  }
}
