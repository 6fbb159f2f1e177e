/**
 * Whole answers leave together, at the end of the turn of the event loop that finished them. A write wakes whoever waits
 * for it, which costs more than the write itself; of many writes in a row only the first does.
 */

/** An answer of which all is there. */
export interface WholeAnswer {
  leave(): void;
}

let turn: WholeAnswer[] = [];

export function leaveWithTurn(answer: WholeAnswer): void {
  if (turn.push(answer) === 1) setImmediate(leaveAll);
}

function leaveAll(): void {
  const answers = turn;
  turn = [];
  for (const answer of answers) answer.leave();
}
